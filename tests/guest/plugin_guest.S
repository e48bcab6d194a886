/* SPDX-License-Identifier: MIT */
/*
 * A guest that uses the device of dev/example/filler.c in slot 5: it has memory
 * filled, ROUNDS times, waits for each interrupt through the 8259s that the
 * firmware has routed it to, and looks at every byte. Then it has memory filled
 * that there is not. It says "FILLED" on the debug console when all went well,
 * else what did not.
 */
#define ROUNDS 20
#define BYTES 10000
#define NO_MEMORY 0xe0000000
#define SLOT 5
#define CONFIG(offset) (0x80000000 | SLOT << 11 | (offset))

/* Registers, and what STATUS has. */
#define ADDRESS 0x00
#define VALUE 0x04
#define LENGTH 0x08
#define STATUS 0x0c
#define DONE 1
#define FAILED 2

	.section .text
	.globl _start

	/* Multiboot header: no flags. */
	.balign 4
	.long 0x1badb002, 0, -0x1badb002

_start:
	cli
	cld
	mov $stack_top, %esp
	lgdt gdt_pointer
	ljmp $8, $1f
1:	mov $16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss

	/* %ebp: the device's memory BAR. */
	mov $CONFIG(0x10), %eax
	call config_read
	and $~15, %eax
	mov %eax, %ebp

	/* Enables memory space and bus mastering. */
	mov $0xcf8, %dx
	mov $CONFIG(0x04), %eax
	out %eax, %dx
	mov $0xcfc, %dx
	mov $6, %ax
	out %ax, %dx

	/* The handler for the interrupt that the firmware chose. */
	mov $CONFIG(0x3c), %eax
	call config_read
	movzbl %al, %ecx
	mov $handler, %eax
	mov %ax, idt + 0x20 * 8(, %ecx, 8)
	movw $8, idt + 0x20 * 8 + 2(, %ecx, 8)
	movw $0x8e00, idt + 0x20 * 8 + 4(, %ecx, 8)
	shr $16, %eax
	mov %ax, idt + 0x20 * 8 + 6(, %ecx, 8)
	lidt idt_pointer
	call program_8259

	mov $0, %esi	/* interrupts so far */
	mov $0, %ebx	/* rounds */
next:	inc %ebx
	movl $buffer, ADDRESS(%ebp)
	mov %ebx, VALUE(%ebp)
	movl $BYTES, LENGTH(%ebp)
	call await
	cmp $DONE, %edx
	jne bad_status
	mov %bl, %al
	mov $buffer, %edi
	mov $BYTES, %ecx
	repe scasb
	jne bad_byte
	cmpb $0, (%edi)
	jne bad_end
	cmpl $0, LENGTH(%ebp)
	jne bad_length
	cmpl $buffer + BYTES, ADDRESS(%ebp)
	jne bad_length
	cmp $ROUNDS, %ebx
	jb next

	inc %ebx
	movl $NO_MEMORY, ADDRESS(%ebp)
	movl $BYTES, LENGTH(%ebp)
	call await
	cmp $(DONE | FAILED), %edx
	jne bad_status

	mov $good, %ebx
	jmp say
bad_status:
	mov $status, %ebx
	jmp say
bad_byte:
	mov $byte, %ebx
	jmp say
bad_end:
	mov $end, %ebx
	jmp say
bad_length:
	mov $length, %ebx
	jmp say
bad_count:
	mov $count, %ebx
say:	mov (%ebx), %al
	test %al, %al
	jz 2f
	out %al, $0xe9
	inc %ebx
	jmp say
2:	cli
	hlt

/* Sleeps until there were as many interrupts as rounds. */
await:	cli
	cmp %ebx, %esi
	ja bad_count
	je 3f
	sti
	hlt
	jmp await
3:	ret

/* %eax: an address for 0xcf8; returns its 32 bits. */
config_read:
	mov $0xcf8, %dx
	out %eax, %dx
	mov $0xcfc, %dx
	in %dx, %eax
	ret

/* Vectors from 0x20 on; only the cascade and interrupt %ecx are let through. */
program_8259:
	mov $0x11, %al
	out %al, $0x20
	out %al, $0xa0
	mov $0x20, %al
	out %al, $0x21
	mov $0x28, %al
	out %al, $0xa1
	mov $4, %al
	out %al, $0x21
	mov $2, %al
	out %al, $0xa1
	mov $1, %al
	out %al, $0x21
	out %al, $0xa1
	mov $1, %eax
	shl %cl, %eax
	or $4, %eax
	not %eax
	out %al, $0x21
	mov %ah, %al
	out %al, $0xa1
	ret

/* %edx: what the status was; the line is low again. */
handler:
	push %eax
	inc %esi
	mov STATUS(%ebp), %edx
	mov %edx, STATUS(%ebp)
	mov STATUS(%ebp), %eax	/* after that write */
	mov $0x20, %al
	out %al, $0xa0
	out %al, $0x20
	pop %eax
	iret

	.section .data
good:	.asciz "FILLED\n"
status:	.asciz "STATUS\n"
byte:	.asciz "A BYTE\n"
end:	.asciz "TOO FAR\n"
length:	.asciz "LENGTH\n"
count:	.asciz "TOO OFTEN\n"

	.balign 8
gdt:	.quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word 23
	.long gdt
idt_pointer:
	.word 8 * 256 - 1
	.long idt

	.balign 8
idt:	.fill 256, 8, 0
stack:	.fill 1024, 4, 0
stack_top:
buffer:	.fill BYTES + 1, 1, 0
	.section .note.GNU-stack, "", @progbits

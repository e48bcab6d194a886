/* SPDX-License-Identifier: MIT */
/*
 * A guest that does nothing but take interrupts of the fake device in slot 5
 * (fake_remote.h), through the 8259s that the firmware has routed it to. It
 * raises the line ROUNDS times; each time the handler is entered it lets the
 * line stay high the first time, so that it must be entered again, and lowers
 * it the second. It says "INTERRUPTED" on the debug console when all came.
 *
 * Before each rise the device changes a function in memory, which the handler
 * calls before it does anything else; in one round there are so many other
 * writes first that they cannot all be reported.
 */
#define ROUNDS 200
#define SLOT 5
#define CONFIG(offset) (0x80000000 | SLOT << 11 | (offset))
#define BUSY_ROUND 100
#define BUSY_WRITES 2000
#define FAKE_LINE 0x80
#define FAKE_DMA_ADDRESS 0x88
#define FAKE_DMA_DATA 0x8c

	.section .text
	.globl _start

	/* Multiboot header: no flags. */
	.balign 4
	.long 0x1badb002, 0, -0x1badb002

_start:
	cli
	mov $stack_top, %esp
	lgdt gdt_pointer
	ljmp $8, $1f
1:	mov $16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss

	/* %ebp: the device's memory BAR. */
	mov $CONFIG(0x14), %eax
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
	sti

	mov $0, %esi	/* handled so far */
	mov $0, %edi	/* to be handled */
next:	add $2, %edi
	cmp $2 * BUSY_ROUND, %edi
	jne 6f
	movl $elsewhere, FAKE_DMA_ADDRESS(%ebp)
	mov $BUSY_WRITES, %ecx
5:	mov %ecx, FAKE_DMA_DATA(%ebp)
	loop 5b
6:	movl $function + 1, FAKE_DMA_ADDRESS(%ebp)
	mov %edi, FAKE_DMA_DATA(%ebp)
	movl $1, FAKE_LINE(%ebp)
2:	pause
	cmp %edi, %esi
	jb 2b
	ja failed
	cmp $2 * ROUNDS, %edi
	jb next

	mov $good, %ebx
	jmp say
stale:	mov $old, %ebx
	jmp say
failed:	mov $bad, %ebx
say:	mov (%ebx), %al
	test %al, %al
	jz 3f
	out %al, $0xe9
	inc %ebx
	jmp say
3:	cli
	hlt

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

handler:
	push %eax
	inc %esi
	call function
	cmp %eax, %edi
	jne stale
	test $1, %esi
	jnz 4f
	mov FAKE_LINE(%ebp), %eax	/* lowers the line */
4:	mov $0x20, %al
	out %al, $0xa0
	out %al, $0x20
	/* As iret, which not every nested KVM emulates: flags, then return. */
	mov 4(%esp), %eax
	xchg %eax, 12(%esp)
	mov %eax, 8(%esp)
	pop %eax
	lea 4(%esp), %esp
	popf
	ret

	.section .data
good:	.asciz "INTERRUPTED\n"
bad:	.asciz "TOO OFTEN\n"
old:	.asciz "STALE CODE\n"

	.balign 4
elsewhere:
	.long 0

	/* What the device changes is the number, on a page of its own. */
	.balign 4096
function:
	mov $0, %eax
	ret
	.balign 4096

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
	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: MIT */
/*
 * For guests without an operating system that use the device in SLOT: macros and routines
 * of a Multiboot kernel in assembly. To be included once, after SLOT is defined.
 */
#define CONFIG(offset) (0x80000000 | SLOT << 11 | (offset))

/* The Multiboot header (no flags), and the first instructions: a stack, flat segments. */
	.macro begin
	.section .text
	.globl _start
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
	.endm

/* %ebp: the device's memory BAR, whose register is `bar`; enables memory space and bus
 * mastering. */
	.macro open_device bar
	mov $CONFIG(\bar), %eax
	call config_read
	and $~15, %eax
	mov %eax, %ebp
	mov $0xcf8, %dx
	mov $CONFIG(0x04), %eax
	out %eax, %dx
	mov $0xcfc, %dx
	mov $6, %ax
	out %ax, %dx
	.endm

/* `handler` for the interrupt that the firmware chose, which is let through. */
	.macro take_interrupt handler
	mov $CONFIG(0x3c), %eax
	call config_read
	movzbl %al, %ecx
	mov $\handler, %eax
	mov %ax, idt + 0x20 * 8(, %ecx, 8)
	movw $8, idt + 0x20 * 8 + 2(, %ecx, 8)
	movw $0x8e00, idt + 0x20 * 8 + 4(, %ecx, 8)
	shr $16, %eax
	mov %ax, idt + 0x20 * 8 + 6(, %ecx, 8)
	lidt idt_pointer
	call program_8259
	.endm

/* At the end of a handler; changes %al. */
	.macro end_of_interrupt
	mov $0x20, %al
	out %al, $0xa0
	out %al, $0x20
	.endm

	.section .text

/* Says the text at %ebx on the debug console, and stops. */
say:	mov (%ebx), %al
	test %al, %al
	jz 1f
	out %al, $0xe9
	inc %ebx
	jmp say
1:	cli
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

	.section .data
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

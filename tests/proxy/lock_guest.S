/* SPDX-License-Identifier: MIT */
/*
 * A guest of two processors for qemu_lock_test.py. The second reads a register of one of
 * QEMU's own devices and counts, for ever. When the test says GO the first reads
 * FAKE_HOLD of the fake device in slot 5 (fake_remote.h), which is answered late, and
 * tells what it got. They and the test talk through words in memory.
 */
#define SLOT 5
#define CONFIG(offset) (0x80000000 | SLOT << 11 | (offset))
#define FAKE_HOLD 0xb4

#define CODE 0x8000	/* of the second processor */
#define COUNT 0x9000	/* how far it is */
/* Where no firmware writes. */
#define READY 0x200000	/* IS_READY: both run */
#define IS_READY 0x5ec0d
#define GO 0x200004
#define DONE 0x200008	/* behind RESULT, what was read */
#define RESULT 0x20000c

#define ICR 0xfee00300
#define INIT_OTHERS 0xc4500
#define START_OTHERS (0xc4600 | CODE >> 12)

	.section .text
	.globl _start

	/* Multiboot header: no flags. */
	.balign 4
	.long 0x1badb002, 0, -0x1badb002

_start:
	cli
	cld
	/* %ebp: the device's memory BAR. */
	mov $CONFIG(0x14), %eax
	mov $0xcf8, %dx
	out %eax, %dx
	mov $0xcfc, %dx
	in %dx, %eax
	and $~15, %eax
	mov %eax, %ebp

	/* Enables memory space. */
	mov $0xcf8, %dx
	mov $CONFIG(0x04), %eax
	out %eax, %dx
	mov $0xcfc, %dx
	mov $2, %ax
	out %ax, %dx

	movl $0, COUNT
	mov $second, %esi
	mov $CODE, %edi
	mov $second_end - second, %ecx
	rep movsb
	movl $INIT_OTHERS, ICR
1:	mov $100000, %ecx
2:	pause
	loop 2b
	movl $START_OTHERS, ICR	/* once it has started it does not mind */
	cmpl $0, COUNT
	je 1b

	movl $IS_READY, READY
3:	pause
	cmpl $0, GO
	je 3b
	mov FAKE_HOLD(%ebp), %eax
	mov %eax, RESULT
	movl $1, DONE
4:	cli
	hlt
	jmp 4b

	.code16
second:	cli
	xor %ax, %ax
	mov %ax, %ds
5:	in $0x71, %al	/* the clock's data port, QEMU's under KVM, too */
	incl COUNT
	jmp 5b
second_end:
	.section .note.GNU-stack, "", @progbits

/* SPDX-License-Identifier: MIT */
/*
 * A boot sector that runs two programs in one place, one after the other, as
 * overlays do: reads sector 1 by INT 13h, calls it, reads sector 2 to the same
 * address, calls it, and halts. The first program prints A, the second B.
 */
	.code16
	.globl _start
	.set overlay, 0x9000
_start:
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x7c00, %sp
	cld
	mov %dl, drive			/* what the BIOS booted from */

	mov $greeting, %si
	call print
next:
	mov $0x42, %ah			/* extended read */
	mov $packet, %si
	mov drive, %dl
	int $0x13
	jc failed
	mov $overlay, %ax
	call *%ax
	incw sector
	cmpw $3, sector
	jb next
	mov $farewell, %si
	call print
idle:
	sti
	hlt
	jmp idle

failed:
	mov $failure, %si
	call print
	jmp idle

/* Prints the text at SI, which a zero ends, on the first serial port. */
print:
	lodsb
	test %al, %al
	jz 1f
	mov $0x3f8, %dx
	out %al, %dx
	jmp print
1:	ret

greeting:
	.asciz "OVERLAYS: "
farewell:
	.asciz " DONE\n"
failure:
	.asciz "DISK ERROR\n"

drive:
	.byte 0
	.balign 4
packet:					/* disk address packet */
	.byte 16, 0
	.word 1				/* sectors */
	.word overlay, 0		/* buffer: offset, segment */
sector:
	.quad 1

	.org 510
	.word 0xaa55

	.macro program letter
	mov $0x3f8, %dx
	mov $\letter, %al
	out %al, %dx
	ret
	.endm

	.org 512			/* sector 1 */
	program 'A'
	.org 1024			/* sector 2 */
	program 'B'
	.org 1536

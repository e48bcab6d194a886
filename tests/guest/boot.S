/* SPDX-License-Identifier: MIT */
/*
 * A boot sector that uses the disk it came from: says so on the serial port,
 * reads sector 5 by INT 13h and prints it as text, writes it to sector 6, and
 * halts.
 */
	.code16
	.globl _start
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

	mov $0x42, %ah			/* extended read */
	mov $packet, %si
	mov drive, %dl
	int $0x13
	jc failed
	mov $0x8000, %si
	call print

	movw $6, sector
	mov $0x4300, %ax		/* extended write, no verify */
	mov $packet, %si
	mov drive, %dl
	int $0x13
	jc failed
	mov $written, %si
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
	.asciz "BOOTED\n"
written:
	.asciz "WRITTEN\n"
failure:
	.asciz "DISK ERROR\n"

drive:
	.byte 0
	.balign 4
packet:					/* disk address packet */
	.byte 16, 0
	.word 1				/* sectors */
	.word 0x8000, 0			/* buffer: offset, segment */
sector:
	.quad 5

	.org 510
	.word 0xaa55

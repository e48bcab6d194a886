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
#define BUSY_ROUND 100
#define BUSY_WRITES 2000
#define FAKE_LINE 0x80
#define FAKE_DMA_ADDRESS 0x88
#define FAKE_DMA_DATA 0x8c

#include "tests/guest/bare.inc"

	begin
	open_device 0x14
	take_interrupt handler
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
	jmp say

handler:
	push %eax
	inc %esi
	call function
	cmp %eax, %edi
	jne stale
	test $1, %esi
	jnz 4f
	mov FAKE_LINE(%ebp), %eax	/* lowers the line */
4:	end_of_interrupt
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

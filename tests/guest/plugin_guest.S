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

/* Registers, and what STATUS has. */
#define ADDRESS 0x00
#define VALUE 0x04
#define LENGTH 0x08
#define STATUS 0x0c
#define DONE 1
#define FAILED 2

#include "tests/guest/bare.inc"

	begin
	open_device 0x10
	take_interrupt handler

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
	jmp say

/* Sleeps until there were as many interrupts as rounds. */
await:	cli
	cmp %ebx, %esi
	ja bad_count
	je 3f
	sti
	hlt
	jmp await
3:	ret

/* %edx: what the status was; the line is low again. */
handler:
	push %eax
	inc %esi
	mov STATUS(%ebp), %edx
	mov %edx, STATUS(%ebp)
	mov STATUS(%ebp), %eax	/* after that write */
	end_of_interrupt
	pop %eax
	iret

	.section .data
good:	.asciz "FILLED\n"
status:	.asciz "STATUS\n"
byte:	.asciz "A BYTE\n"
end:	.asciz "TOO FAR\n"
length:	.asciz "LENGTH\n"
count:	.asciz "TOO OFTEN\n"
buffer:	.fill BYTES + 1, 1, 0

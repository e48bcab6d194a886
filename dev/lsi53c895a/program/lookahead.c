/* SPDX-License-Identifier: MIT */
/*
 * Look-ahead: where will the data of a command go?
 *
 * A script moves data when they have arrived, one scatter element an instruction. To
 * let the disk read straight into these elements, the script is executed in advance,
 * when the CDB is known, on a copy of the registers and on the assumption that the
 * target enters DATA IN: jumps, register arithmetic, loads and data moves are followed,
 * up to the first instruction with an effect outside the copy. If the moves cover the
 * command's length, their memory is offered to the target.
 *
 * This is a prediction: the script decides when it runs; see data_in() in move.c. If it
 * moves the data elsewhere, because the guest has changed it meanwhile, the predicted
 * memory has already been written, which the guest can see. So one wrong prediction
 * ends all prediction until the chip is reset.
 */
#include "dev/lsi53c895a/program/lookahead.h"

#include <stdlib.h>
#include <string.h>

#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/program/fetch.h"
#include "dev/lsi53c895a/program/opcodes.h"
#include "dev/lsi53c895a/program/operands.h"
#include "dev/lsi53c895a/program/segments.h"

enum {
	MAX_STEPS = 2048,
	MIN_LENGTH = 512,    /* less is not worth it */
	MAX_LENGTH = 8 << 20 /* bounds the copy after a wrong prediction */
};

struct dry_run {
	struct lsi_chip *chip;
	struct lsi_task *task;
	struct lsi_registers regs;
	struct lsi_instruction insn;
	bool sfbr_known; /* false: it holds a byte of the data */
	uint64_t covered;
};

static bool dry_data_move(struct dry_run *d)
{
	struct lsi_move m;
	ssize_t n;

	if (lsi_move_decode(d->chip, &d->regs, &d->insn, &m) || m.phase != LSI_DATA_IN)
		return false;
	while (m.done < m.count) {
		if (!lsi_memory_mappable(d->chip, m.address + m.done, m.count - m.done))
			return false;
		n = lsi_segments_map(d->chip, &d->task->segments, m.address + m.done,
				     m.count - m.done, MPR_DMA_FROM_DEVICE);
		if (n < 0)
			return false;
		m.done += n;
	}
	d->covered += m.count;
	d->sfbr_known = false;
	return true;
}

/* Carry is in the copy, and ACK is not asserted; anything else has an effect outside. */
static bool dry_set_or_clear(struct dry_run *d)
{
	uint32_t word = d->insn.word[0];
	unsigned opcode = lsi_opcode(word);
	bool set = opcode == LSI_OP_SET, clear = opcode == LSI_OP_CLEAR;

	if ((!set && !clear) || (word & 0x07ffffff & ~(LSI_IO_CARRY | (clear ? LSI_IO_ACK : 0))))
		return false;
	if (word & LSI_IO_CARRY)
		d->regs.carry = set;
	return true;
}

static bool dry_read_write(struct dry_run *d)
{
	uint32_t word = d->insn.word[0];
	struct lsi_alu_operands alu = d->insn.code.alu;

	if (alu.reads_sfbr && !d->sfbr_known)
		return false;
	if (!lsi_register_plain[alu.source] || !lsi_register_plain[alu.destination])
		return false;
	d->regs.byte[alu.destination] = lsi_alu(
		lsi_alu_op(word), d->regs.byte[alu.source],
		alu.operand_is_sfbr ? d->regs.byte[LSI_SFBR] : word >> 8 & 0xff, &d->regs.carry);
	if (alu.destination == LSI_SFBR)
		d->sfbr_known = true;
	return true;
}

static bool dry_transfer(struct dry_run *d)
{
	uint32_t word = d->insn.word[0];

	if ((word & LSI_TC_DATA) && !d->sfbr_known)
		return false;
	if (!lsi_transfer_taken(&d->regs, word, LSI_DATA_IN))
		return true;
	return lsi_transfer_jump(&d->regs, &d->insn);
}

static bool dry_load(struct dry_run *d)
{
	unsigned reg, count, i;
	uint64_t addr;
	uint8_t buf[4];

	if (!(d->insn.word[0] & LSI_LS_LOAD) ||
	    !lsi_load_store_decode(d->chip, &d->regs, &d->insn, &addr, &reg, &count) ||
	    lsi_memory_read(d->chip, addr, buf, count))
		return false;
	for (i = 0; i < count; i++) {
		if (!lsi_register_plain[reg + i])
			return false;
		d->regs.byte[reg + i] = buf[i];
		d->sfbr_known |= reg + i == LSI_SFBR;
	}
	return true;
}

/* One instruction. False: what it does cannot be predicted. */
static bool dry_step(struct dry_run *d)
{
	if (lsi_fetch(d->chip, &d->regs, &d->insn))
		return false;
	lsi_put32(&d->regs, LSI_DSP, d->insn.address + d->insn.length);
	switch (d->insn.code.kind) {
	case LSI_SKIP:
		return true;
	case LSI_BLOCK_MOVE:
		return dry_data_move(d);
	case LSI_IO:
		return dry_set_or_clear(d);
	case LSI_READ_WRITE:
		return dry_read_write(d);
	case LSI_JUMP:
	case LSI_TRANSFER_CONTROL:
		return dry_transfer(d);
	case LSI_LOAD_STORE:
		return dry_load(d);
	default:
		return false;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct lsi_piece *p = a, *q = b;

	return (p->address > q->address) - (p->address < q->address);
}

static bool in_order(const struct lsi_piece *piece, unsigned n)
{
	unsigned i;

	for (i = 1; i < n; i++)
		if (piece[i].address < piece[i - 1].address + piece[i - 1].map.len)
			return false;
	return true;
}

/* If two moves go to the same memory, the script decides which one is last; a vectored
 * read does not. */
static bool pieces_overlap(const struct lsi_segments *s)
{
	struct lsi_piece *sorted;
	bool disjoint;

	if (in_order(s->piece, s->count))
		return false;
	sorted = malloc(s->count * sizeof(*sorted));
	if (!sorted)
		return true;
	memcpy(sorted, s->piece, s->count * sizeof(*sorted));
	qsort(sorted, s->count, sizeof(*sorted), by_address);
	disjoint = in_order(sorted, s->count);
	free(sorted);
	return !disjoint;
}

bool lsi_look_ahead(struct lsi_chip *chip, struct lsi_task *task)
{
	uint64_t length = task->scsi->length;
	struct dry_run d = {.chip = chip, .task = task, .regs = chip->regs, .sfbr_known = true};
	unsigned steps = 0;

	if (chip->surprised || task->scsi->dir != MPR_SCSI_DATA_IN || length < MIN_LENGTH ||
	    length > MAX_LENGTH)
		return false;
	while (d.covered < length && steps < MAX_STEPS && dry_step(&d))
		steps++;
	chip->budget -= steps;
	chip->stats.foreseen_instructions += steps;
	if (d.covered >= length && !pieces_overlap(&task->segments))
		return true;
	lsi_segments_release(chip, &task->segments);
	return false;
}

/* SPDX-License-Identifier: MIT */
/*
 * Starting, stopping and waking the SCRIPTS engine. What it executes is in
 * scripts.c, which runs from ops->run() alone: whoever calls these functions,
 * even an instruction, only changes what the engine finds next.
 */
#include "dev/lsi53c895a/chip/engine.h"

#include "dev/lsi53c895a/chip/words.h"

void lsi_wake(struct lsi_chip *chip)
{
	mpr_schedule(&chip->dev);
}

void lsi_scripts_start(struct lsi_chip *chip)
{
	if (chip->running && !chip->blocked)
		return;
	lsi_scripts_stop(chip);
	chip->running = true;
	lsi_wake(chip);
}

void lsi_move_finish(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	const struct lsi_move *m = &chip->move;
	uint64_t next = m->address + m->done;
	uint32_t left = m->count - m->done;

	lsi_put24(r, LSI_DBC, left);
	lsi_put32(r, LSI_DNAD, next);
	lsi_put32(r, LSI_DNAD64, next >> 32);
	/* The DMA FIFO is empty: its counter equals the byte counter. */
	r->byte[LSI_DFIFO] = left;
	r->byte[LSI_CTEST5] = (r->byte[LSI_CTEST5] & ~3) | (left >> 8 & 3);
	lsi_put32(r, LSI_RBC, left | (uint32_t)m->top << 24);
	lsi_put32(r, LSI_UA, next);
	lsi_put32(r, LSI_ESA, m->entry);
	lsi_put32(r, LSI_IA, chip->insn.address);
	lsi_put24(r, LSI_SBC, m->done);
}

void lsi_scripts_stop(struct lsi_chip *chip)
{
	if (chip->move_started)
		lsi_move_finish(chip);
	chip->running = chip->fetched = chip->blocked = chip->move_started = false;
}

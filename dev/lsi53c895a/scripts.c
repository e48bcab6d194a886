/* SPDX-License-Identifier: MIT */
/*
 * The SCRIPTS engine. One instruction at a time is fetched, kept, and executed
 * until it has finished; one that has to wait is executed again when something
 * has happened. A slice is bounded, and nothing in it calls the engine.
 */
#include "dev/lsi53c895a/scripts.h"

#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/instructions.h"
#include "dev/lsi53c895a/program/fetch.h"
#include "dev/lsi53c895a/program/operands.h"

/* The instruction register and the pointer to the next one. */
static void latch(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;

	lsi_put32(r, LSI_DBC, chip->insn.word[0]);
	lsi_put32(r, LSI_DSP, chip->insn.address + chip->insn.length);
	if (chip->insn.word[0])
		lsi_put32(r, LSI_DSPS, chip->insn.word[1]);
}

static bool fetch_next(struct lsi_chip *chip)
{
	if (lsi_fetch(chip, &chip->regs, &chip->insn)) {
		lsi_raise_dma(chip, LSI_DSTAT_BF);
		return false;
	}
	latch(chip);
	chip->fetched = true;
	chip->stats.instructions++;
	return true;
}

static enum lsi_result execute(struct lsi_chip *chip)
{
	switch (chip->insn.code.kind) {
	case LSI_BLOCK_MOVE:
		return lsi_block_move(chip);
	case LSI_IO:
		return lsi_io(chip);
	case LSI_READ_WRITE:
		return lsi_read_write(chip);
	case LSI_JUMP:
		lsi_jump(&chip->regs, chip->insn.word[1]);
		return LSI_FINISHED;
	case LSI_TRANSFER_CONTROL:
		return lsi_transfer_control(chip);
	case LSI_MEMORY_MOVE:
		return lsi_memory_move(chip);
	case LSI_LOAD_STORE:
		return lsi_load_store(chip);
	case LSI_ILLEGAL:
		return lsi_illegal(chip);
	default:
		return LSI_FINISHED;
	}
}

/* False: blocked. */
static bool step(struct lsi_chip *chip)
{
	enum lsi_result result;

	chip->budget--;
	if (!chip->fetched && !fetch_next(chip))
		return true;
	result = execute(chip);
	/* An interrupt or a reset in the instruction has ended it. */
	if (!chip->running)
		return true;
	chip->blocked = result == LSI_BLOCKED;
	if (result != LSI_FINISHED)
		return !chip->blocked;
	chip->fetched = chip->move_started = false;
	if (chip->regs.byte[LSI_DCNTL] & LSI_DCNTL_SSM)
		lsi_raise_dma(chip, LSI_DSTAT_SSI);
	return true;
}

bool lsi_scripts_run(struct lsi_chip *chip)
{
	chip->budget = LSI_SLICE;
	while (chip->running && chip->budget > 0)
		if (!step(chip))
			return false;
	return chip->running;
}

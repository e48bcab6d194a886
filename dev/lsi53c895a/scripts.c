/* SPDX-License-Identifier: MIT */
/*
 * The SCRIPTS engine. One instruction at a time is fetched, kept, and executed
 * until it has finished; one that has to wait is executed again when something
 * has happened. A slice is bounded, and nothing in it calls the engine.
 */
#include <errno.h>

#include "dev/lsi53c895a/state.h"

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

void lsi_scripts_stop(struct lsi_chip *chip)
{
	if (chip->move_started)
		lsi_move_finish(chip);
	chip->running = chip->fetched = chip->blocked = chip->move_started = false;
}

static bool has_third_word(const struct lsi_registers *r, uint32_t word)
{
	bool memory_move = (word & 0xe0000000) == 0xc0000000;
	bool direct_move = (word & 0xf0000000) == 0;

	return memory_move ||
	       (direct_move && (r->byte[LSI_CCNTL1] & LSI_CCNTL1_EN64DBMV) && word != 0);
}

int lsi_fetch(struct lsi_chip *chip, const struct lsi_registers *r, struct lsi_instruction *insn)
{
	uint64_t addr;
	uint32_t offset;

	insn->address = lsi_get32(r, LSI_DSP);
	insn->length = 8;
	insn->word[2] = 0;
	addr = lsi_address(r, LSI_SFS, insn->address);
	if (lsi_own_ram(chip, addr, 8, &offset)) {
		insn->word[0] = lsi_ram_word(chip, offset);
		insn->word[1] = lsi_ram_word(chip, offset + 4);
	} else if (lsi_memory_read(chip, addr, insn->word, 8)) {
		return -EFAULT;
	}
	/* A zero word is skipped alone; what follows may be an instruction. */
	if (insn->word[0] == 0)
		insn->length = 4;
	if (has_third_word(r, insn->word[0])) {
		insn->length = 12;
		return lsi_memory_read32(chip, addr + 8, &insn->word[2]);
	}
	return 0;
}

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

enum lsi_result lsi_illegal(struct lsi_chip *chip)
{
	lsi_raise_dma(chip, LSI_DSTAT_IID);
	return LSI_FINISHED;
}

static enum lsi_result execute(struct lsi_chip *chip)
{
	uint32_t word = chip->insn.word[0];

	if (word == 0)
		return LSI_FINISHED;
	switch (word >> 30) {
	case 0:
		return lsi_block_move(chip);
	case 1:
		return (word >> 27 & 7) < 5 ? lsi_io(chip) : lsi_read_write(chip);
	case 2:
		return lsi_transfer_control(chip);
	default:
		return word & 0x20000000 ? lsi_load_store(chip) : lsi_memory_move(chip);
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

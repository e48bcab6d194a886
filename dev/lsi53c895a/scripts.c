/* SPDX-License-Identifier: MIT */
/*
 * The SCRIPTS engine. One instruction at a time is fetched, kept, and executed
 * until it has finished; one that has to wait is executed again when something
 * has happened. A slice is bounded, and nothing in it calls the engine.
 */
#include <errno.h>

#include "dev/lsi53c895a/state.h"

static const struct lsi_code *decode(struct lsi_chip *chip, uint32_t address, uint32_t word)
{
	struct lsi_code *code = &chip->decoded[address / 4 % LSI_DECODED];

	if (code->word != word)
		*code = lsi_decode(word);
	return code;
}

static uint32_t length_of(const struct lsi_registers *r, const struct lsi_code *code)
{
	bool direct = !(code->word & 0x30000000);

	switch (code->kind) {
	case LSI_SKIP: /* what follows may be an instruction */
		return 4;
	case LSI_MEMORY_MOVE:
		return 12;
	case LSI_BLOCK_MOVE:
		return direct && (r->byte[LSI_CCNTL1] & LSI_CCNTL1_EN64DBMV) ? 12 : 8;
	default:
		return 8;
	}
}

static int fetch_words(struct lsi_chip *chip, uint64_t addr, uint32_t word[2])
{
	uint32_t offset;

	if (!lsi_own_ram(chip, addr, 8, &offset))
		return lsi_memory_read(chip, addr, word, 8);
	word[0] = lsi_ram_word(chip, offset);
	word[1] = lsi_ram_word(chip, offset + 4);
	return 0;
}

int lsi_fetch(struct lsi_chip *chip, const struct lsi_registers *r, struct lsi_instruction *insn)
{
	uint64_t addr;

	insn->address = lsi_get32(r, LSI_DSP);
	addr = lsi_address(r, LSI_SFS, insn->address);
	if (fetch_words(chip, addr, insn->word))
		return -EFAULT;
	insn->code = *decode(chip, insn->address, insn->word[0]);
	insn->length = length_of(r, &insn->code);
	if (insn->length < 12)
		return 0;
	return lsi_memory_read32(chip, addr + 8, &insn->word[2]);
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

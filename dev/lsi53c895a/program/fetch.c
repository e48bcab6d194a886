/* SPDX-License-Identifier: MIT */
/*
 * Fetching. The words are read from memory each time. The first one, decoded, is cached
 * by its address, and used again as long as it is the same.
 */
#include "dev/lsi53c895a/program/fetch.h"

#include <errno.h>

#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/program/decode.h"
#include "dev/lsi53c895a/program/opcodes.h"

static const struct lsi_code *decode(struct lsi_chip *chip, uint32_t address, uint32_t word)
{
	struct lsi_code *code = &chip->decoded[address / 4 % LSI_DECODED];

	if (code->word != word)
		*code = lsi_decode(word);
	return code;
}

static uint32_t length_of(const struct lsi_registers *r, const struct lsi_code *code)
{
	bool direct = !(code->word & (LSI_MOVE_TABLE | LSI_MOVE_INDIRECT));

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

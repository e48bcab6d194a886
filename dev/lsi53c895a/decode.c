/* SPDX-License-Identifier: MIT */
/*
 * What an instruction's first word says. It depends on nothing else, so a word
 * needs decoding once, whatever the guest does to memory.
 */
#include "dev/lsi53c895a/state.h"

enum { OPCODE_READ_WRITE = 5 };

/* JUMP, absolute, if true, without a comparison, and what says so. */
enum { JUMP_BITS = 0xf8ff0000, JUMP = 0x80080000 };

static struct lsi_alu_operands alu_operands(uint32_t word)
{
	uint8_t reg = (word >> 16 & 0x7f) | (word & 0x80);
	bool from_sfbr = (word >> 27 & 7) == 5;
	bool to_sfbr = (word >> 27 & 7) == 6;
	bool is_move = (word >> 24 & 7) == 0;
	bool operand_is_sfbr = !from_sfbr && !to_sfbr && (word & 0x800000);

	return (struct lsi_alu_operands){
		.source = from_sfbr ? LSI_SFBR : reg,
		.destination = to_sfbr ? LSI_SFBR : reg,
		.operand_is_sfbr = operand_is_sfbr,
		.reads_sfbr = operand_is_sfbr || (from_sfbr && !is_move),
	};
}

static enum lsi_kind kind_of(uint32_t word)
{
	if (word == 0)
		return LSI_SKIP;
	switch (word >> 30) {
	case 0:
		return LSI_BLOCK_MOVE;
	case 1:
		return (word >> 27 & 7) < OPCODE_READ_WRITE ? LSI_IO : LSI_READ_WRITE;
	case 2:
		if ((word & JUMP_BITS) == JUMP)
			return LSI_JUMP;
		return lsi_transfer_illegal(word) ? LSI_ILLEGAL : LSI_TRANSFER_CONTROL;
	default:
		return word & 0x20000000 ? LSI_LOAD_STORE : LSI_MEMORY_MOVE;
	}
}

struct lsi_code lsi_decode(uint32_t word)
{
	struct lsi_code code = {.word = word, .kind = kind_of(word)};

	if (code.kind == LSI_READ_WRITE)
		code.alu = alu_operands(word);
	return code;
}

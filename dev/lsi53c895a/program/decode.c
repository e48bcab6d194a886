/* SPDX-License-Identifier: MIT */
/*
 * What an instruction's first word says. It depends on nothing else, so that
 * it can be cached.
 */
#include "dev/lsi53c895a/program/decode.h"

#include "dev/lsi53c895a/program/opcodes.h"

/* An absolute JUMP without a condition: the bits that say so, and their values. */
enum { JUMP_BITS = 0xf8ff0000, JUMP = 0x80000000 | LSI_TC_IF_TRUE };

static struct lsi_alu_operands alu_operands(uint32_t word)
{
	uint8_t reg = (word >> 16 & 0x7f) | (word & 0x80);
	bool from_sfbr = lsi_opcode(word) == LSI_OP_FROM_SFBR;
	bool to_sfbr = lsi_opcode(word) == LSI_OP_TO_SFBR;
	bool is_move = lsi_alu_op(word) == 0;
	bool operand_is_sfbr = !from_sfbr && !to_sfbr && (word & LSI_RW_SFBR);

	return (struct lsi_alu_operands){
		.source = from_sfbr ? LSI_SFBR : reg,
		.destination = to_sfbr ? LSI_SFBR : reg,
		.operand_is_sfbr = operand_is_sfbr,
		.reads_sfbr = operand_is_sfbr || (from_sfbr && !is_move),
	};
}

/* Illegal whatever the registers hold. */
static bool transfer_illegal(uint32_t word)
{
	if (lsi_opcode(word) > LSI_OP_INT || (word & LSI_TC_RESERVED))
		return true;
	return (word & LSI_TC_CARRY) && (word & (LSI_TC_PHASE | LSI_TC_DATA));
}

static enum lsi_kind kind_of(uint32_t word)
{
	if (word == 0)
		return LSI_SKIP;
	switch (word >> 30) {
	case 0:
		return LSI_BLOCK_MOVE;
	case 1:
		return lsi_opcode(word) < LSI_OP_FROM_SFBR ? LSI_IO : LSI_READ_WRITE;
	case 2:
		if ((word & JUMP_BITS) == JUMP)
			return LSI_JUMP;
		return transfer_illegal(word) ? LSI_ILLEGAL : LSI_TRANSFER_CONTROL;
	default:
		return word & LSI_LOAD_STORE_BIT ? LSI_LOAD_STORE : LSI_MEMORY_MOVE;
	}
}

struct lsi_code lsi_decode(uint32_t word)
{
	struct lsi_code code = {.word = word, .kind = kind_of(word)};

	if (code.kind == LSI_READ_WRITE)
		code.alu = alu_operands(word);
	return code;
}

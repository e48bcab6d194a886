/* SPDX-License-Identifier: MIT */
/*
 * What instructions work on, and what they compute: where a move's data are, what
 * the ALU says, where a jump goes. Nothing but the registers that are passed is
 * changed, so that the look-ahead can ask the same questions on a copy.
 */
#include "dev/lsi53c895a/program/operands.h"

#include <errno.h>

#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/program/opcodes.h"

/* ---- Registers --------------------------------------------------------- */

const bool lsi_register_plain[LSI_REGISTERS] = {
	[LSI_SCNTL3] = true,
	[LSI_SXFER] = true,
	[LSI_SDID] = true,
	[LSI_SFBR] = true, /* the host cannot write it */
	[LSI_DSA... LSI_DSA + 3] = true,
	[LSI_MBOX0... LSI_MBOX1] = true,
	[LSI_TEMP... LSI_TEMP + 3] = true,
	[LSI_SCRATCHA... LSI_SCRATCHA + 3] = true,
	[LSI_SBR] = true,
	[LSI_SCRATCHB... LSI_RBC - 1] = true,
};

/* ---- Block moves ------------------------------------------------------- */

/* Which register holds the upper half of a table entry's address. */
static int selected_upper(unsigned selector)
{
	static const uint8_t special[] = {LSI_MMRS, LSI_MMWS, LSI_SFS, LSI_DRS, LSI_SBMS, LSI_DBMS};

	if (selector < 0x10)
		return LSI_SCRATCHC + 4 * selector;
	if (selector - 0x10 < sizeof(special))
		return special[selector - 0x10];
	return -EINVAL;
}

static int table_address(const struct lsi_registers *r, const uint32_t entry[2], uint64_t *addr)
{
	uint8_t mode = r->byte[LSI_CCNTL1];
	int upper = LSI_SBMS;

	if ((mode & LSI_CCNTL1_EN64TIBMV) && (mode & LSI_CCNTL1_64TIMOD)) {
		*addr = entry[1];
		if (!(mode & LSI_CCNTL1_DDAC))
			*addr |= (uint64_t)(entry[0] >> 24) << 32;
		return 0;
	}
	if (mode & LSI_CCNTL1_EN64TIBMV)
		upper = selected_upper(entry[0] >> 24 & 0x1f);
	if (upper < 0)
		return upper;
	*addr = lsi_address(r, upper, entry[1]);
	return 0;
}

static int decode_table(struct lsi_chip *chip, const struct lsi_registers *r,
			const struct lsi_instruction *insn, struct lsi_move *move)
{
	uint32_t entry[2];

	move->entry = lsi_get32(r, LSI_DSA) + lsi_sign24(insn->word[1]);
	if (lsi_memory_read(chip, lsi_address(r, LSI_DRS, move->entry), entry, sizeof(entry)))
		return -EFAULT;
	move->count = entry[0] & 0xffffff;
	move->top = entry[0] >> 24;
	return table_address(r, entry, &move->address);
}

static int decode_indirect(struct lsi_chip *chip, const struct lsi_registers *r,
			   const struct lsi_instruction *insn, struct lsi_move *move)
{
	uint32_t low;

	if (lsi_memory_read32(chip, lsi_address(r, LSI_SBMS, insn->word[1]), &low))
		return -EFAULT;
	move->address = lsi_address(r, LSI_SBMS, low);
	return 0;
}

static void decode_direct(const struct lsi_registers *r, const struct lsi_instruction *insn,
			  struct lsi_move *move)
{
	move->address = lsi_address(r, LSI_SBMS, insn->word[1]);
	if (insn->length == 12 && !(r->byte[LSI_CCNTL1] & LSI_CCNTL1_DDAC))
		move->address = (uint64_t)insn->word[2] << 32 | insn->word[1];
}

int lsi_move_decode(struct lsi_chip *chip, const struct lsi_registers *r,
		    const struct lsi_instruction *insn, struct lsi_move *move)
{
	uint32_t word = insn->word[0];
	int ret = 0;

	*move = (struct lsi_move){
		.phase = word >> 24 & 7,
		.count = word & 0xffffff,
		.entry = insn->address,
		.top = word >> 24,
	};
	if ((word & LSI_MOVE_TABLE) && (word & LSI_MOVE_INDIRECT))
		return -EINVAL;
	if (word & LSI_MOVE_TABLE)
		ret = decode_table(chip, r, insn, move);
	else if (word & LSI_MOVE_INDIRECT)
		ret = decode_indirect(chip, r, insn, move);
	else
		decode_direct(r, insn, move);
	if (ret == 0 && move->count == 0)
		return -EINVAL;
	return ret;
}

/* ---- Loads and stores -------------------------------------------------- */

bool lsi_load_store_decode(const struct lsi_chip *chip, const struct lsi_registers *r,
			   const struct lsi_instruction *insn, uint64_t *addr, unsigned *reg,
			   unsigned *count)
{
	uint32_t word = insn->word[0];
	bool relative = word & LSI_LS_RELATIVE;
	bool load = word & LSI_LS_LOAD;

	*reg = word >> 16 & 0xff;
	*count = word & 7;
	if (relative)
		*addr = lsi_address(r, LSI_DRS, lsi_get32(r, LSI_DSA) + lsi_sign24(insn->word[1]));
	else
		*addr = lsi_address(r, load ? LSI_MMRS : LSI_MMWS, insn->word[1]);

	if ((word & LSI_LS_RESERVED) || *count < 1 || *count > 4)
		return false;
	if ((*addr & 3) != (*reg & 3) || (*addr & 3) + *count > 4)
		return false;
	return !lsi_own_registers(chip, *addr, *count);
}

/* ---- Read/write -------------------------------------------------------- */

uint8_t lsi_alu(unsigned op, uint8_t value, uint8_t operand, bool *carry)
{
	unsigned result;

	switch (op) {
	case 0:
		return operand;
	case 1:
		result = value << 1 | *carry;
		*carry = value & 0x80;
		return result;
	case 2:
		return value | operand;
	case 3:
		return value ^ operand;
	case 4:
		return value & operand;
	case 5:
		result = value >> 1 | *carry << 7;
		*carry = value & 1;
		return result;
	case 6:
		result = value + operand;
		break;
	default:
		result = value + operand + *carry;
		break;
	}
	*carry = result > 0xff;
	return result;
}

/* ---- Transfer control -------------------------------------------------- */

static bool data_equal(const struct lsi_registers *r, uint32_t word)
{
	uint8_t mask = word >> 8;

	return ((r->byte[LSI_SFBR] ^ word) & ~mask & 0xff) == 0;
}

bool lsi_transfer_taken(const struct lsi_registers *r, uint32_t word, int phase)
{
	bool wanted = word & LSI_TC_IF_TRUE;

	if (word & LSI_TC_CARRY)
		return r->carry == wanted;
	if (!(word & (LSI_TC_PHASE | LSI_TC_DATA)))
		return wanted;
	if ((word & LSI_TC_PHASE) && (phase == (int)(word >> 24 & 7)) != wanted)
		return false;
	return !(word & LSI_TC_DATA) || data_equal(r, word) == wanted;
}

bool lsi_transfer_jump(struct lsi_registers *r, const struct lsi_instruction *insn)
{
	uint32_t target = lsi_destination(insn, insn->word[0] & LSI_TC_RELATIVE);

	switch (lsi_opcode(insn->word[0])) {
	case LSI_OP_JUMP:
		lsi_jump(r, target);
		return true;
	case LSI_OP_CALL:
		lsi_put32(r, LSI_TEMP, lsi_get32(r, LSI_DSP));
		lsi_jump(r, target);
		return true;
	case LSI_OP_RETURN:
		lsi_jump(r, lsi_get32(r, LSI_TEMP));
		return true;
	default:
		return false;
	}
}

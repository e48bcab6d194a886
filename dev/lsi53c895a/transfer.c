/* SPDX-License-Identifier: MIT */
/* Transfer control: JUMP, CALL, RETURN, INT and INTFLY, with their conditions. */
#include "dev/lsi53c895a/opcodes.h"
#include "dev/lsi53c895a/state.h"

bool lsi_transfer_illegal(uint32_t word)
{
	if (lsi_opcode(word) > LSI_OP_INT || (word & LSI_TC_RESERVED))
		return true;
	return (word & LSI_TC_CARRY) && (word & (LSI_TC_PHASE | LSI_TC_DATA));
}

/* What only an initiator may do. */
static bool not_as_target(const struct lsi_registers *r, uint32_t word)
{
	uint32_t both = LSI_TC_PHASE | LSI_TC_DATA;

	return (r->byte[LSI_SCNTL0] & LSI_SCNTL0_TRG) &&
	       ((word & LSI_TC_WAIT_PHASE) || (word & both) == both);
}

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

static uint32_t target(const struct lsi_instruction *insn)
{
	if (insn->word[0] & LSI_TC_RELATIVE)
		return insn->address + insn->length + lsi_sign24(insn->word[1]);
	return insn->word[1];
}

bool lsi_transfer_jump(struct lsi_registers *r, const struct lsi_instruction *insn)
{
	switch (lsi_opcode(insn->word[0])) {
	case LSI_OP_JUMP:
		lsi_jump(r, target(insn));
		return true;
	case LSI_OP_CALL:
		lsi_put32(r, LSI_TEMP, lsi_get32(r, LSI_DSP));
		lsi_jump(r, target(insn));
		return true;
	case LSI_OP_RETURN:
		lsi_jump(r, lsi_get32(r, LSI_TEMP));
		return true;
	default:
		return false;
	}
}

static void transfer(struct lsi_chip *chip)
{
	if (lsi_transfer_jump(&chip->regs, &chip->insn))
		return;
	if (chip->insn.word[0] & LSI_TC_ON_THE_FLY)
		lsi_raise_on_the_fly(chip);
	else
		lsi_raise_dma(chip, LSI_DSTAT_SIR);
}

/*
 * The phase to compare with. A connected target is given the time to decide,
 * whether the instruction asks for that or not, because firmware does not ask;
 * but a byte that is still acknowledged has its phase. False: wait.
 */
static bool compare_phase(struct lsi_chip *chip, uint32_t word, int *phase)
{
	bool connected = chip->bus.state == LSI_BUS_CONNECTED;

	if (word & LSI_TC_WAIT_PHASE)
		lsi_bus_release_ack(chip);
	if (connected ? !chip->bus.ack : !!(word & LSI_TC_WAIT_PHASE))
		*phase = lsi_bus_phase(chip);
	else
		*phase = chip->regs.byte[LSI_SSTAT1] & 7;
	return *phase != LSI_NO_PHASE;
}

enum lsi_result lsi_transfer_control(struct lsi_chip *chip)
{
	uint32_t word = chip->insn.word[0];
	int phase = LSI_NO_PHASE;

	if (not_as_target(&chip->regs, word))
		return lsi_illegal(chip);
	if (word & (LSI_TC_WAIT_PHASE | LSI_TC_PHASE)) {
		if (chip->bus.state == LSI_BUS_SELECTING) {
			lsi_bus_selection_timeout(chip);
			return LSI_FINISHED;
		}
		if (!compare_phase(chip, word, &phase))
			return LSI_BLOCKED;
	}
	if (lsi_transfer_taken(&chip->regs, word, phase))
		transfer(chip);
	return LSI_FINISHED;
}

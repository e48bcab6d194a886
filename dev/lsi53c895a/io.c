/* SPDX-License-Identifier: MIT */
/* I/O instructions (SELECT, WAIT, SET, CLEAR) and read/write instructions. */
#include "dev/lsi53c895a/bus.h"
#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/instructions.h"
#include "dev/lsi53c895a/program/opcodes.h"
#include "dev/lsi53c895a/program/operands.h"
#include "dev/lsi53c895a/registers.h"

static uint32_t alternate(const struct lsi_instruction *insn)
{
	return lsi_destination(insn, insn->word[0] & LSI_IO_RELATIVE);
}

static void jump_alternate(struct lsi_chip *chip)
{
	lsi_put32(&chip->regs, LSI_DSP, alternate(&chip->insn));
}

/* Which target; a table entry also has transfer parameters. */
static bool select_operand(struct lsi_chip *chip, unsigned *target)
{
	struct lsi_registers *r = &chip->regs;
	uint32_t word = chip->insn.word[0];
	uint32_t entry;
	uint64_t addr;

	*target = word >> 16 & 0x0f;
	if (!(word & LSI_IO_TABLE))
		return true;
	addr = lsi_address(r, LSI_DRS, lsi_get32(r, LSI_DSA) + lsi_sign24(word));
	if (lsi_memory_read32(chip, addr, &entry)) {
		lsi_raise_dma(chip, LSI_DSTAT_BF);
		return false;
	}
	*target = entry >> 16 & 0x0f;
	r->byte[LSI_SCNTL3] = entry >> 24;
	r->byte[LSI_SXFER] = entry >> 8;
	return true;
}

/*
 * Arbitration and selection. A target that wants to reselect wins the arbitration, and
 * the script goes on at the alternate address, as it does when it was reselected
 * before. A nexus that the script has not finished is aborted.
 */
static enum lsi_result select_target(struct lsi_chip *chip)
{
	struct lsi_bus *bus = &chip->bus;
	unsigned target;

	lsi_bus_release_ack(chip);
	if (bus->state == LSI_BUS_SELECTING) {
		lsi_bus_selection_timeout(chip);
		return LSI_FINISHED;
	}
	if (bus->state == LSI_BUS_CONNECTED && !bus->reselected)
		lsi_bus_abandon(chip);
	if (bus->state == LSI_BUS_CONNECTED && !bus->reselected)
		return LSI_BLOCKED;
	if (bus->state == LSI_BUS_CONNECTED || lsi_bus_reselect(chip)) {
		jump_alternate(chip);
		return LSI_FINISHED;
	}
	if (!select_operand(chip, &target))
		return LSI_FINISHED;
	lsi_bus_select(chip, target, chip->insn.word[0] & LSI_IO_WITH_ATN);
	return LSI_FINISHED;
}

static enum lsi_result wait_disconnect(struct lsi_chip *chip)
{
	if (chip->bus.state == LSI_BUS_SELECTING) {
		lsi_bus_selection_timeout(chip);
		return LSI_FINISHED;
	}
	lsi_bus_release_ack(chip);
	if (chip->bus.state == LSI_BUS_FREE)
		return LSI_FINISHED;
	if (lsi_bus_phase(chip) != LSI_NO_PHASE)
		return lsi_illegal(chip);
	return LSI_BLOCKED;
}

static enum lsi_result wait_reselect(struct lsi_chip *chip)
{
	if (chip->bus.state == LSI_BUS_SELECTING) {
		lsi_bus_selection_timeout(chip);
		return LSI_FINISHED;
	}
	lsi_bus_release_ack(chip);
	if (chip->regs.byte[LSI_ISTAT0] & LSI_ISTAT0_SIGP) {
		jump_alternate(chip);
		return LSI_FINISHED;
	}
	if (chip->bus.state == LSI_BUS_CONNECTED)
		return chip->bus.reselected ? LSI_FINISHED : LSI_BLOCKED;
	return lsi_bus_reselect(chip) ? LSI_FINISHED : LSI_BLOCKED;
}

static enum lsi_result set(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	uint32_t word = chip->insn.word[0];

	if (word & LSI_IO_CARRY)
		r->carry = true;
	if (word & LSI_IO_TARGET)
		r->byte[LSI_SCNTL0] |= LSI_SCNTL0_TRG;
	if (word & LSI_IO_ACK)
		r->byte[LSI_SOCL] |= LSI_LINE_ACK;
	if (word & LSI_IO_ATN)
		lsi_bus_set_atn(chip);
	return LSI_FINISHED;
}

static enum lsi_result clear(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	uint32_t word = chip->insn.word[0];

	if (word & LSI_IO_CARRY)
		r->carry = false;
	if (word & LSI_IO_TARGET)
		r->byte[LSI_SCNTL0] &= ~LSI_SCNTL0_TRG;
	if (word & LSI_IO_ATN) {
		chip->bus.atn = false;
		r->byte[LSI_SOCL] &= ~LSI_LINE_ATN;
	}
	if (word & LSI_IO_ACK) {
		r->byte[LSI_SOCL] &= ~LSI_LINE_ACK;
		lsi_bus_release_ack(chip);
	}
	return LSI_FINISHED;
}

enum lsi_result lsi_io(struct lsi_chip *chip)
{
	uint32_t word = chip->insn.word[0];
	unsigned opcode = lsi_opcode(word);

	if (opcode != LSI_OP_SELECT && (word & LSI_IO_WITH_ATN))
		return lsi_illegal(chip);
	lsi_put32(&chip->regs, LSI_DNAD, alternate(&chip->insn));
	switch (opcode) {
	case LSI_OP_SELECT:
		return select_target(chip);
	case LSI_OP_WAIT_DISCONNECT:
		return wait_disconnect(chip);
	case LSI_OP_WAIT_RESELECT:
		return wait_reselect(chip);
	case LSI_OP_SET:
		return set(chip);
	default:
		return clear(chip);
	}
}

enum lsi_result lsi_read_write(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	uint32_t word = chip->insn.word[0];
	unsigned op = lsi_alu_op(word);
	struct lsi_alu_operands alu = chip->insn.code.alu;
	uint8_t operand = alu.operand_is_sfbr ? r->byte[LSI_SFBR] : word >> 8;
	/* A move of an operand does not read the register. */
	uint8_t value = op == 0 ? 0 : lsi_get(chip, alu.source);

	value = lsi_alu(op, value, operand, &r->carry);
	lsi_set(chip, alu.destination, value);
	return LSI_FINISHED;
}

/* SPDX-License-Identifier: MIT */
/* Transfer control: JUMP, CALL, RETURN, INT and INTFLY, with their conditions. */
#include "dev/lsi53c895a/bus.h"
#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/instructions.h"
#include "dev/lsi53c895a/program/opcodes.h"
#include "dev/lsi53c895a/program/operands.h"

/* What only an initiator may do. */
static bool not_as_target(const struct lsi_registers *r, uint32_t word)
{
	uint32_t both = LSI_TC_PHASE | LSI_TC_DATA;

	return (r->byte[LSI_SCNTL0] & LSI_SCNTL0_TRG) &&
	       ((word & LSI_TC_WAIT_PHASE) || (word & both) == both);
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
 * The phase to compare with. False: there is none yet. A connected target is waited for
 * even if the instruction does not say so, because firmware relies on it; while ACK is
 * asserted, the phase is that of the last byte.
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

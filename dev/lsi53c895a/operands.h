/* SPDX-License-Identifier: MIT */
/*
 * What instructions work on and compute. `r` is the chip's registers or a copy of
 * them; nothing else is changed, and register accesses have no side effects.
 */
#ifndef MPR_DEV_LSI53C895A_OPERANDS_H
#define MPR_DEV_LSI53C895A_OPERANDS_H

#include "dev/lsi53c895a/state.h"
#include "dev/lsi53c895a/words.h"

/* Registers that are nothing but storage for SCRIPTS. */
extern const bool lsi_register_plain[LSI_REGISTERS];
/* Reads the operands of a block move: 0, -EFAULT, or -EINVAL (illegal). */
int lsi_move_decode(struct lsi_chip *chip, const struct lsi_registers *r,
		    const struct lsi_instruction *insn, struct lsi_move *move);
/* The operands of load and store. False: illegal. */
bool lsi_load_store_decode(const struct lsi_chip *chip, const struct lsi_registers *r,
			   const struct lsi_instruction *insn, uint64_t *addr, unsigned *reg,
			   unsigned *count);
/* The ALU: operation `op` (bits 26:24) on a register's value and an operand. */
uint8_t lsi_alu(unsigned op, uint8_t value, uint8_t operand, bool *carry);
static inline void lsi_jump(struct lsi_registers *r, uint32_t to)
{
	lsi_put32(r, LSI_DSP, to);
	lsi_put32(r, LSI_ADDER, to);
}
/* True when the branch is taken; `phase` is the bus's. */
bool lsi_transfer_taken(const struct lsi_registers *r, uint32_t word, int phase);
/* JUMP, CALL and RETURN change DSP and TEMP. False: it is INT or INTFLY. */
bool lsi_transfer_jump(struct lsi_registers *r, const struct lsi_instruction *insn);

#endif

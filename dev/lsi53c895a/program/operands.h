/* SPDX-License-Identifier: MIT */
/*
 * What instructions work on and compute. `r` is the chip's registers, or a copy:
 * nothing else is changed, and register accesses have no side effects.
 */
#ifndef MPR_DEV_LSI53C895A_PROGRAM_OPERANDS_H
#define MPR_DEV_LSI53C895A_PROGRAM_OPERANDS_H

#include "dev/lsi53c895a/chip/state.h"
#include "dev/lsi53c895a/chip/words.h"

/* Registers that SCRIPTS can read and write without side effects. */
extern const bool lsi_register_plain[LSI_REGISTERS];
/* Address and count of a block move. 0, -EFAULT (a table or pointer that cannot be read)
 * or -EINVAL (illegal). */
int lsi_move_decode(struct lsi_chip *chip, const struct lsi_registers *r,
		    const struct lsi_instruction *insn, struct lsi_move *move);
/* Address, first register and count of a load or store. False: illegal. */
bool lsi_load_store_decode(const struct lsi_chip *chip, const struct lsi_registers *r,
			   const struct lsi_instruction *insn, uint64_t *addr, unsigned *reg,
			   unsigned *count);
/* The ALU's operation `op` on a register's value and an operand. */
uint8_t lsi_alu(unsigned op, uint8_t value, uint8_t operand, bool *carry);
/* Where an instruction jumps to: its second word, or that relative to what follows it. */
static inline uint32_t lsi_destination(const struct lsi_instruction *insn, bool relative)
{
	return relative ? insn->address + insn->length + lsi_sign24(insn->word[1]) : insn->word[1];
}
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

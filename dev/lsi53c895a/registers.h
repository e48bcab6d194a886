/* SPDX-License-Identifier: MIT */
/* The operating registers, with the side effects of accesses to them. */
#ifndef MPR_DEV_LSI53C895A_REGISTERS_H
#define MPR_DEV_LSI53C895A_REGISTERS_H

#include "dev/lsi53c895a/chip/state.h"
#include "dev/lsi53c895a/program/operands.h"

void lsi_registers_reset(struct lsi_registers *r);
/* One byte, with all side effects. The host must not write SFBR; SCRIPTS may. */
uint8_t lsi_register_read(struct lsi_chip *chip, uint8_t reg);
void lsi_register_write(struct lsi_chip *chip, uint8_t reg, uint8_t value);
/* The shadow, for struct mpr_device_ops. */
extern const struct mpr_shadow_map lsi_shadow;
void lsi_peek(const struct mpr_device *dev, uint8_t image[MPR_SHADOW_SIZE]);
/* The same for SCRIPTS, faster for registers without side effects. */
static inline uint8_t lsi_get(struct lsi_chip *chip, uint8_t reg)
{
	return lsi_register_plain[reg] ? chip->regs.byte[reg] : lsi_register_read(chip, reg);
}
static inline void lsi_set(struct lsi_chip *chip, uint8_t reg, uint8_t value)
{
	if (lsi_register_plain[reg])
		chip->regs.byte[reg] = value;
	else
		lsi_register_write(chip, reg, value);
}
/* ISTAT0.SRST, and a part of RST#. */
void lsi_soft_reset(struct lsi_chip *chip);

#endif

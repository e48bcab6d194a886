/* SPDX-License-Identifier: MIT */
/* Registers, tables and instructions as words and addresses. */
#ifndef MPR_DEV_LSI53C895A_CHIP_WORDS_H
#define MPR_DEV_LSI53C895A_CHIP_WORDS_H

#include <string.h>

#include "dev/lsi53c895a/chip/state.h"

static inline uint32_t lsi_get32(const struct lsi_registers *r, unsigned reg)
{
	uint32_t value;

	memcpy(&value, r->byte + reg, sizeof(value));
	return value;
}

static inline void lsi_put32(struct lsi_registers *r, unsigned reg, uint32_t value)
{
	memcpy(r->byte + reg, &value, sizeof(value));
}

static inline uint32_t lsi_get24(const struct lsi_registers *r, unsigned reg)
{
	return lsi_get32(r, reg) & 0xffffff;
}

static inline void lsi_put24(struct lsi_registers *r, unsigned reg, uint32_t value)
{
	r->byte[reg] = value;
	r->byte[reg + 1] = value >> 8;
	r->byte[reg + 2] = value >> 16;
}

/* The low 24 bits, sign-extended. */
static inline uint32_t lsi_sign24(uint32_t value)
{
	return (value & 0xffffff) | (value & 0x800000 ? 0xff000000 : 0);
}
/* An address whose upper half is in register `upper`. */
static inline uint64_t lsi_address(const struct lsi_registers *r, unsigned upper, uint32_t low)
{
	if (r->byte[LSI_CCNTL1] & LSI_CCNTL1_DDAC)
		return low;
	return (uint64_t)lsi_get32(r, upper) << 32 | low;
}

#endif

/* SPDX-License-Identifier: MIT */
/* The chip as PCI master: guest memory and its own SCRIPTS RAM. */
#ifndef MPR_DEV_LSI53C895A_CHIP_MEMORY_H
#define MPR_DEV_LSI53C895A_CHIP_MEMORY_H

#include "dev/lsi53c895a/chip/state.h"

/* 0 or -EFAULT, also for the chip's own registers. */
int lsi_memory_read(struct lsi_chip *chip, uint64_t addr, void *buf, size_t len);
int lsi_memory_write(struct lsi_chip *chip, uint64_t addr, const void *buf, size_t len);
/* True if no byte of the range is the chip's own. */
bool lsi_memory_mappable(const struct lsi_chip *chip, uint64_t addr, uint64_t len);
/* Copies between SCRIPTS RAM and buf; the range must lie in it. The guest may have it
 * mapped and change it meanwhile: each aligned word is read, or written, once. */
void lsi_ram_read(const struct lsi_chip *chip, uint32_t offset, void *buf, size_t len);
void lsi_ram_write(struct lsi_chip *chip, uint32_t offset, const void *buf, size_t len);
/* True if the range is in SCRIPTS RAM and can be accessed, and where it is. */
static inline bool lsi_own_ram(const struct lsi_chip *chip, uint64_t addr, size_t len,
			       uint32_t *offset)
{
	uint64_t at = addr - chip->ram_base;

	*offset = at;
	return at < chip->ram_reach && len <= chip->ram_reach - at;
}
/* True if a byte of the range is one of the chip's operating registers. */
bool lsi_own_registers(const struct lsi_chip *chip, uint64_t addr, uint64_t len);
/* A word of SCRIPTS RAM, read once if it is aligned, so that what is checked is what is
 * used. Relaxed as in lsi_ram_read(). */
static inline uint32_t lsi_ram_word(const struct lsi_chip *chip, uint32_t offset)
{
	uint32_t word;

	if (offset % 4 == 0)
		return __atomic_load_n(
			(const uint32_t *)(const void *)(chip->dev.bar_ram[LSI_BAR_RAM] + offset),
			__ATOMIC_RELAXED);
	lsi_ram_read(chip, offset, &word, sizeof(word));
	return word;
}
static inline int lsi_memory_read32(struct lsi_chip *chip, uint64_t addr, uint32_t *value)
{
	uint32_t offset;

	if (!lsi_own_ram(chip, addr, sizeof(*value), &offset))
		return lsi_memory_read(chip, addr, value, sizeof(*value));
	*value = lsi_ram_word(chip, offset);
	return 0;
}
/* Configuration space has changed: looks up where the BARs are. */
void lsi_find_bars(struct lsi_chip *chip);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The chip as PCI master. Its SCRIPTS RAM is accessed inside the chip. Its registers are
 * refused, so that no access leads back into the chip.
 */
#include "dev/lsi53c895a/chip/memory.h"

#include <errno.h>
#include <string.h>

void lsi_find_bars(struct lsi_chip *chip)
{
	chip->regs_decoded = mpr_pci_bar_address(&chip->dev.pci, 1, &chip->regs_base);
	chip->ram_decoded = mpr_pci_bar_address(&chip->dev.pci, 2, &chip->ram_base);
	chip->ram_reach =
		chip->ram_decoded && mpr_pci_bus_master(&chip->dev.pci) ? LSI_RAM_SIZE : 0;
}

static bool overlaps(uint64_t addr, uint64_t len, uint64_t base, uint64_t size)
{
	return addr < base + size && base < addr + len;
}

bool lsi_own_registers(const struct lsi_chip *chip, uint64_t addr, uint64_t len)
{
	return chip->regs_decoded && overlaps(addr, len, chip->regs_base, LSI_REGISTER_BAR);
}

/* Whether a whole word can be accessed. */
static bool word_at(const uint8_t *ram, size_t len)
{
	return len >= 4 && (uintptr_t)ram % 4 == 0;
}

/* Relaxed, here and below: the guest orders what it writes by the register
 * access that starts SCRIPTS. */
void lsi_ram_read(const struct lsi_chip *chip, uint32_t offset, void *buf, size_t len)
{
	const uint8_t *ram = chip->dev.bar_ram[LSI_BAR_RAM] + offset;
	uint8_t *to = buf;
	uint32_t word;

	while (len > 0) {
		if (!word_at(ram, len)) {
			*to++ = __atomic_load_n(ram++, __ATOMIC_RELAXED);
			len--;
			continue;
		}
		word = __atomic_load_n((const uint32_t *)(const void *)ram, __ATOMIC_RELAXED);
		memcpy(to, &word, 4);
		ram += 4, to += 4, len -= 4;
	}
}

void lsi_ram_write(struct lsi_chip *chip, uint32_t offset, const void *buf, size_t len)
{
	uint8_t *ram = chip->dev.bar_ram[LSI_BAR_RAM] + offset;
	const uint8_t *from = buf;
	uint32_t word;

	while (len > 0) {
		if (!word_at(ram, len)) {
			__atomic_store_n(ram++, *from++, __ATOMIC_RELAXED);
			len--;
			continue;
		}
		memcpy(&word, from, 4);
		__atomic_store_n((uint32_t *)(void *)ram, word, __ATOMIC_RELAXED);
		ram += 4, from += 4, len -= 4;
	}
}

/* Refuses ranges that wrap around, that contain a register of the chip, or that are in
 * SCRIPTS RAM only in part. */
static int check_range(const struct lsi_chip *chip, uint64_t addr, uint64_t len)
{
	if (addr + len < addr || lsi_own_registers(chip, addr, len))
		return -EFAULT;
	if (chip->ram_decoded && overlaps(addr, len, chip->ram_base, LSI_RAM_SIZE))
		return -EFAULT;
	return 0;
}

bool lsi_memory_mappable(const struct lsi_chip *chip, uint64_t addr, uint64_t len)
{
	return check_range(chip, addr, len) == 0;
}

int lsi_memory_read(struct lsi_chip *chip, uint64_t addr, void *buf, size_t len)
{
	uint32_t offset;

	if (lsi_own_ram(chip, addr, len, &offset)) {
		lsi_ram_read(chip, offset, buf, len);
		return 0;
	}
	if (check_range(chip, addr, len) || mpr_dma_read(&chip->dev, addr, buf, len))
		return -EFAULT;
	return 0;
}

int lsi_memory_write(struct lsi_chip *chip, uint64_t addr, const void *buf, size_t len)
{
	uint32_t offset;

	if (lsi_own_ram(chip, addr, len, &offset)) {
		lsi_ram_write(chip, offset, buf, len);
		return 0;
	}
	if (check_range(chip, addr, len) || mpr_dma_write(&chip->dev, addr, buf, len))
		return -EFAULT;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The chip as PCI master. Its own SCRIPTS RAM is reached inside the chip; its
 * own registers are not reachable, so that no access comes back to the chip.
 */
#include <errno.h>
#include <string.h>

#include "dev/lsi53c895a/opcodes.h"
#include "dev/lsi53c895a/state.h"

enum { MEMORY_MOVE_CHUNK = 4096 };

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

/* Refuses what no transfer may touch: a wrapping range, the chip's registers,
 * a range that lies in SCRIPTS RAM in part. */
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

static enum lsi_result bus_fault(struct lsi_chip *chip)
{
	lsi_raise_dma(chip, LSI_DSTAT_BF);
	return LSI_FINISHED;
}

/* A piece of a memory move; DBC counts down, DNAD and DSPS are its addresses. */
enum lsi_result lsi_memory_move(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	const uint32_t *word = chip->insn.word;
	uint32_t left = lsi_get24(r, LSI_DBC), done = (word[0] & 0xffffff) - left;
	uint32_t n = left < MEMORY_MOVE_CHUNK ? left : MEMORY_MOVE_CHUNK;
	uint8_t buf[MEMORY_MOVE_CHUNK];

	if ((word[0] & LSI_MM_RESERVED) || ((word[1] ^ word[2]) & 3))
		return lsi_illegal(chip);
	if (r->byte[LSI_DMODE] & (LSI_DMODE_SIOM | LSI_DMODE_DIOM))
		return bus_fault(chip);
	if (n && (lsi_memory_read(chip, lsi_address(r, LSI_MMRS, word[1]) + done, buf, n) ||
		  lsi_memory_write(chip, lsi_address(r, LSI_MMWS, word[2]) + done, buf, n)))
		return bus_fault(chip);
	chip->budget -= n / 256;
	lsi_put24(r, LSI_DBC, left - n);
	lsi_put32(r, LSI_DNAD, word[1] + done + n);
	return left > n ? LSI_AGAIN : LSI_FINISHED;
}

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

enum lsi_result lsi_load_store(struct lsi_chip *chip)
{
	unsigned reg, count, i;
	uint64_t addr;
	uint8_t buf[4];

	if (!lsi_load_store_decode(chip, &chip->regs, &chip->insn, &addr, &reg, &count))
		return lsi_illegal(chip);
	if (chip->insn.word[0] & LSI_LS_LOAD) {
		if (lsi_memory_read(chip, addr, buf, count))
			return bus_fault(chip);
		for (i = 0; i < count; i++)
			lsi_set(chip, reg + i, buf[i]);
	} else {
		for (i = 0; i < count; i++)
			buf[i] = lsi_get(chip, reg + i);
		if (lsi_memory_write(chip, addr, buf, count))
			return bus_fault(chip);
	}
	return LSI_FINISHED;
}

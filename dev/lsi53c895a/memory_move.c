/* SPDX-License-Identifier: MIT */
/* Memory moves, loads and stores. */
#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/instructions.h"
#include "dev/lsi53c895a/program/opcodes.h"
#include "dev/lsi53c895a/program/operands.h"
#include "dev/lsi53c895a/registers.h"

enum { MEMORY_MOVE_CHUNK = 4096 };

/* A chunk of a memory move: DBC counts down, DNAD is the next source address. */
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
		return lsi_bus_fault(chip);
	if (n && (lsi_memory_read(chip, lsi_address(r, LSI_MMRS, word[1]) + done, buf, n) ||
		  lsi_memory_write(chip, lsi_address(r, LSI_MMWS, word[2]) + done, buf, n)))
		return lsi_bus_fault(chip);
	chip->budget -= n / 256;
	lsi_put24(r, LSI_DBC, left - n);
	lsi_put32(r, LSI_DNAD, word[1] + done + n);
	return left > n ? LSI_AGAIN : LSI_FINISHED;
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
			return lsi_bus_fault(chip);
		for (i = 0; i < count; i++)
			lsi_set(chip, reg + i, buf[i]);
	} else {
		for (i = 0; i < count; i++)
			buf[i] = lsi_get(chip, reg + i);
		if (lsi_memory_write(chip, addr, buf, count))
			return lsi_bus_fault(chip);
	}
	return LSI_FINISHED;
}

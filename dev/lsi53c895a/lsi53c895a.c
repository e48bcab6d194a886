/* SPDX-License-Identifier: MIT */
/* The device: identity, life cycle, and the host's accesses to its BARs. */
#include "dev/lsi53c895a/lsi53c895a.h"

#include <string.h>

#include "dev/lsi53c895a/bus.h"
#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/state.h"
#include "dev/lsi53c895a/chip/timers.h"
#include "dev/lsi53c895a/registers.h"
#include "dev/lsi53c895a/scripts.h"
#include "dev/lsi53c895a/task.h"

enum { BAR_IO = 0, BAR_MEMORY = 1, BAR_RAM = LSI_BAR_RAM };

static const struct mpr_pci_info pci_info = {
	.vendor_id = 0x1000,
	.device_id = 0x0012,
	.subsystem_vendor_id = 0x0000,
	.subsystem_id = 0x1000,
	.class_code = 0x010000,
	.interrupt_pin = 1,
	.latency_timer = 0xff,
	.bar =
		{
			[BAR_IO] = {MPR_BAR_IO, LSI_REGISTERS},
			[BAR_MEMORY] = {MPR_BAR_MEM32, LSI_REGISTER_BAR},
			[BAR_RAM] = {MPR_BAR_RAM32, LSI_RAM_SIZE},
		},
};

static void init(struct lsi_chip *chip)
{
	TAILQ_INIT(&chip->tasks);
	TAILQ_INIT(&chip->ready);
	TAILQ_INIT(&chip->pool);
	lsi_timers_init(chip, lsi_bus_selection_expired);
	lsi_registers_reset(&chip->regs);
}

static int create(struct mpr_device *dev)
{
	struct lsi_chip *chip = lsi_chip(dev);
	struct mpr_scsi_bus *bus;
	int ret = mpr_scsi_bus_create(&lsi_hba_ops, chip, &bus);

	if (ret < 0)
		return ret;
	dev->bus = mpr_scsi_bus_base(bus);
	init(chip);
	return 0;
}

static void destroy(struct mpr_device *dev)
{
	lsi_task_fini(lsi_chip(dev));
	mpr_scsi_bus_destroy(mpr_scsi_bus_of(dev->bus));
}

/* Bytes in ascending order; beyond the RAM they read as ones. */
static uint8_t read_byte(struct lsi_chip *chip, unsigned bar, uint64_t offset)
{
	uint8_t value = 0xff;

	if (bar != BAR_RAM)
		return lsi_register_read(chip, offset);
	if (offset < LSI_RAM_SIZE)
		lsi_ram_read(chip, offset, &value, 1);
	return value;
}

static uint64_t read(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < size; i++)
		value |= (uint64_t)read_byte(lsi_chip(dev), bar, offset + i) << 8 * i;
	return value;
}

/* The host cannot write SFBR. */
static void write_byte(struct lsi_chip *chip, unsigned bar, uint64_t offset, uint8_t value)
{
	uint8_t reg = offset;

	if (bar == BAR_RAM) {
		if (offset < LSI_RAM_SIZE)
			lsi_ram_write(chip, offset, &value, 1);
	} else if (reg != LSI_SFBR) {
		lsi_register_write(chip, reg, value);
	}
}

static void write(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size,
		  uint64_t value)
{
	unsigned i;

	for (i = 0; i < size; i++)
		write_byte(lsi_chip(dev), bar, offset + i, value >> 8 * i);
}

/* Without bus mastering no command can go on, and the guest may reuse the memory of
 * those in flight. */
static void config_changed(struct mpr_device *dev)
{
	struct lsi_chip *chip = lsi_chip(dev);

	lsi_find_bars(chip);
	if (chip->ntasks == 0 || mpr_pci_bus_master(&dev->pci))
		return;
	lsi_raise_dma(chip, LSI_DSTAT_BF);
	lsi_bus_reset(chip);
}

static void reset(struct mpr_device *dev)
{
	struct lsi_chip *chip = lsi_chip(dev);

	chip->regs.byte[LSI_DCNTL] = 0;
	lsi_soft_reset(chip);
	mpr_scsi_bus_was_reset(mpr_scsi_bus_of(dev->bus), MPR_SCSI_RESET_POWER_ON);
	lsi_find_bars(chip);
}

static bool run(struct mpr_device *dev)
{
	struct lsi_chip *chip = lsi_chip(dev);
	bool more;

	lsi_after_acknowledge(chip);
	lsi_task_reap(chip);
	lsi_bus_advance(chip);
	more = lsi_scripts_run(chip);
	/* Once a slice: SCRIPTS write the divisor for each target, mostly the same. */
	lsi_timers_follow(chip);
	return more;
}

static unsigned counters(const struct mpr_device *dev, struct mpr_counter *counter)
{
	const struct lsi_stats *stats = &((const struct lsi_chip *)dev)->stats;
	const struct mpr_counter all[] = {
		{"commands", stats->commands},
		{"instructions", stats->instructions},
		{"foreseen_instructions", stats->foreseen_instructions},
		{"reselections", stats->reselections},
		{"interrupts", stats->interrupts},
		{"moved_bytes", stats->moved_bytes},
		{"bounced_bytes", stats->bounced_bytes},
	};

	memcpy(counter, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

const struct mpr_device_ops mpr_lsi53c895a_ops = {
	.model =
		{
			.driver = "lsi53c895a",
			.desc = "LSI53C895A PCI to Ultra2 SCSI host adapter",
			.bus = MPR_BUS_PCI,
			.size = sizeof(struct lsi_chip),
		},
	.pci = &pci_info,
	.create = create,
	.destroy = destroy,
	.read = read,
	.write = write,
	.shadow = &lsi_shadow,
	.peek = lsi_peek,
	.config_changed = config_changed,
	.reset = reset,
	.run = run,
	.counters = counters,
};

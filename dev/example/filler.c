/* SPDX-License-Identifier: MIT */
/* A device that fills guest memory with a byte: the example of docs/writing-a-device.md. */
#include <string.h>

#include "dev/plugin.h"

/* 32-bit registers, one after the other in BAR 0. */
enum { ADDRESS, VALUE, LENGTH, STATUS, REGISTERS };
enum { DONE = 1, FAILED = 2 }; /* of STATUS; writing ones clears them */
enum { MAX_SIZE = 4096 };

struct filler {
	struct mpr_device dev; /* first */
	uint64_t size;
	uint32_t reg[REGISTERS];
};

static const struct mpr_pci_info pci_info = {
	.vendor_id = 0x1af4,
	.device_id = 0x10f1,
	.class_code = 0xff0000,
	.interrupt_pin = 1,
	.bar = {{MPR_BAR_MEM32, 4096}},
};

static const struct mpr_property properties[] = {
	{"size", MPR_PROPERTY_SIZE, "bytes written at once", "4k", .min = 1, .max = MAX_SIZE},
	{.name = NULL},
};

static int set(void *state, unsigned property, union mpr_value value)
{
	(void)property; /* there is one */
	((struct filler *)state)->size = value.number;
	return 0;
}

static uint64_t read(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size)
{
	const struct filler *f = (const struct filler *)dev;

	(void)bar;
	return size == 4 && offset < sizeof(f->reg) ? f->reg[offset / 4] : 0;
}

static void write(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size,
		  uint64_t value)
{
	struct filler *f = (struct filler *)dev;

	(void)bar;
	if (size != 4 || offset >= sizeof(f->reg))
		return;
	if (offset / 4 == STATUS)
		f->reg[STATUS] &= ~(uint32_t)value;
	else
		f->reg[offset / 4] = (uint32_t)value;
	if (offset / 4 == LENGTH)
		mpr_schedule(dev);
	mpr_irq_set(dev, f->reg[STATUS]);
}

static bool run(struct mpr_device *dev)
{
	struct filler *f = (struct filler *)dev;
	uint32_t n = f->reg[LENGTH] < f->size ? f->reg[LENGTH] : (uint32_t)f->size;
	uint8_t piece[MAX_SIZE];

	memset(piece, (int)f->reg[VALUE], n);
	if (mpr_dma_write(dev, f->reg[ADDRESS], piece, n) < 0) {
		f->reg[STATUS] |= FAILED; /* not guest memory, or no bus mastering */
		n = f->reg[LENGTH];
	}
	f->reg[ADDRESS] += n;
	f->reg[LENGTH] -= n;
	if (f->reg[LENGTH])
		return true;
	f->reg[STATUS] |= DONE;
	mpr_irq_set(dev, true);
	return false;
}

static void reset(struct mpr_device *dev)
{
	memset(((struct filler *)dev)->reg, 0, sizeof(uint32_t[REGISTERS]));
	mpr_irq_set(dev, false);
}

static const struct mpr_device_ops filler_ops = {
	.model = {"filler", "fills guest memory", MPR_BUS_PCI, sizeof(struct filler), properties,
		  set},
	.pci = &pci_info,
	.read = read,
	.write = write,
	.reset = reset,
	.run = run,
};

MPR_DEVICE_PLUGIN(&filler_ops);

/* SPDX-License-Identifier: MIT */
/* A plug-in, with the public header alone and in strict C11. */
#include "dev/plugin.h"

static uint64_t read_register(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size)
{
	uint32_t value = 0;

	(void)bar;
	(void)mpr_dma_read(dev, offset, &value, size < sizeof(value) ? size : sizeof(value));
	return value;
}

static void write_register(struct mpr_device *dev, unsigned bar, uint64_t offset, unsigned size,
			   uint64_t value)
{
	struct mpr_dma_map map;

	(void)bar;
	(void)size;
	if (mpr_dma_map(dev, offset, 1, MPR_DMA_FROM_DEVICE, &map) == 0)
		mpr_dma_unmap(dev, &map);
	mpr_irq_set(dev, value);
	mpr_schedule(dev);
}

static void reset(struct mpr_device *dev)
{
	mpr_irq_set(dev, false);
}

static const struct mpr_pci_info pci = {.bar = {{MPR_BAR_MEM32, 4096}}};

static const struct mpr_device_ops ops = {
	.model = {.driver = "c11",
		  .desc = "in strict C",
		  .bus = MPR_BUS_PCI,
		  .size = sizeof(struct mpr_device)},
	.pci = &pci,
	.read = read_register,
	.write = write_register,
	.reset = reset,
};

MPR_DEVICE_PLUGIN(&ops);

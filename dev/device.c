/* SPDX-License-Identifier: MIT */
/* What all device models share: the base part, and DMA behind bus mastering. */
#include "dev/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int allocate_ram(struct mpr_device *dev)
{
	const struct mpr_bar_info *bar = dev->ops->pci->bar;

	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		if (bar[i].kind != MPR_BAR_RAM32)
			continue;
		dev->own_ram[i] = calloc(1, bar[i].size);
		if (!dev->own_ram[i])
			return -ENOMEM;
		dev->bar_ram[i] = dev->own_ram[i];
	}
	return 0;
}

int mpr_device_init(struct mpr_device *dev, const struct mpr_device_ops *ops, struct mpr_host *host,
		    const char *id)
{
	*dev = (struct mpr_device){.ops = ops, .host = host, .id = strdup(id)};
	if (!dev->id || allocate_ram(dev) < 0) {
		mpr_device_fini(dev);
		return -ENOMEM;
	}
	mpr_pci_init(&dev->pci, ops->pci);
	return 0;
}

void mpr_device_fini(struct mpr_device *dev)
{
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		free(dev->own_ram[i]);
	free(dev->id);
	dev->id = NULL;
}

void mpr_device_set_bar_ram(struct mpr_device *dev, unsigned bar, void *ram)
{
	if (!ram) {
		ram = dev->own_ram[bar];
		memset(ram, 0, dev->ops->pci->bar[bar].size);
	}
	dev->bar_ram[bar] = ram;
}

int mpr_dma_read(struct mpr_device *dev, uint64_t addr, void *buf, size_t len)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_read(dev->host, addr, buf, len);
}

int mpr_dma_write(struct mpr_device *dev, uint64_t addr, const void *buf, size_t len)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_write(dev->host, addr, buf, len);
}

int mpr_dma_map(struct mpr_device *dev, uint64_t addr, size_t len, enum mpr_dma_dir dir,
		struct mpr_dma_map *map)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_map(dev->host, addr, len, dir, map);
}

void mpr_dma_unmap(struct mpr_device *dev, struct mpr_dma_map *map)
{
	if (!map->ptr)
		return;
	dev->host->ops->dma_unmap(dev->host, map);
	*map = (struct mpr_dma_map){0};
}

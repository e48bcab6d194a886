/* SPDX-License-Identifier: MIT */
/* What all device models share: the base part, and DMA behind bus mastering. */
#include "dev/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mpr_device_init(struct mpr_device *dev, const struct mpr_device_ops *ops, struct mpr_host *host,
		    const char *id)
{
	dev->id = strdup(id);
	if (!dev->id)
		return -ENOMEM;
	dev->ops = ops;
	dev->host = host;
	dev->scsi_bus = NULL;
	mpr_pci_init(&dev->pci, ops->pci);
	return 0;
}

void mpr_device_fini(struct mpr_device *dev)
{
	free(dev->id);
	dev->id = NULL;
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

int mpr_dma_map(struct mpr_device *dev, uint64_t addr, size_t len, struct mpr_dma_map *map)
{
	if (!mpr_pci_bus_master(&dev->pci))
		return -EPERM;
	return dev->host->ops->dma_map(dev->host, addr, len, map);
}

void mpr_dma_unmap(struct mpr_device *dev, struct mpr_dma_map *map)
{
	if (!map->ptr)
		return;
	dev->host->ops->dma_unmap(dev->host, map);
	*map = (struct mpr_dma_map){0};
}

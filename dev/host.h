/* SPDX-License-Identifier: MIT */
/*
 * What the process that runs a device model needs of it (remote/, tests): the
 * instance, and the guest's accesses to its configuration space. Models do
 * without: dev/device.h is all that they see.
 *
 * Not thread-safe: one thread owns a device.
 */
#ifndef MPR_DEV_HOST_H
#define MPR_DEV_HOST_H

#include "dev/device.h"

/* Allocates an instance of the model and has it made ready; `id` is copied. 0;
 * -ENOMEM, or what the model's create() returned. */
int mpr_device_create(const struct mpr_device_ops *ops, struct mpr_host *host, const char *id,
		      struct mpr_device **dev);
/* After a reset, when no mapping is held any more. */
void mpr_device_destroy(struct mpr_device *dev);

/* Moves BAR `bar` into memory that the VMM gave, as large as the BAR and aligned to a
 * page, or back into the device's own, zeroed (NULL). */
void mpr_device_set_bar_ram(struct mpr_device *dev, unsigned bar, void *ram);

/* Fills in the configuration space as after a reset of the function. */
void mpr_pci_init(struct mpr_pci *pci, const struct mpr_pci_info *info);

/* The state after RST#: command, BARs, cache line size and interrupt line are 0, the
 * latency timer is that of the info. */
void mpr_pci_reset(struct mpr_pci *pci);

/*
 * Reads or writes `size` bytes (1, 2 or 4; little-endian value) at `offset`.
 * An access that leaves the 256 bytes reads all ones and writes nothing.
 */
uint32_t mpr_pci_config_read(const struct mpr_pci *pci, uint32_t offset, unsigned size);
void mpr_pci_config_write(struct mpr_pci *pci, uint32_t offset, unsigned size, uint32_t value);

#endif

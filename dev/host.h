/* SPDX-License-Identifier: MIT */
/*
 * What a host, the process that runs device models (remote/, tests), needs beside
 * their operations: instances, and the guest's accesses to configuration space.
 * Models use dev/device.h alone.
 *
 * Not thread-safe: one thread owns a device.
 */
#ifndef MPR_DEV_HOST_H
#define MPR_DEV_HOST_H

#include <string.h>

#include "dev/device.h"

/* A PCI device's operations, which begin with the model; NULL: it is no PCI device's. */
static inline const struct mpr_device_ops *mpr_model_device(const struct mpr_model *model)
{
	return strcmp(model->bus, MPR_BUS_PCI) ? NULL : (const struct mpr_device_ops *)model;
}

/* The value of a property: what the user wrote, or the default. */
struct mpr_setting {
	bool set;
	union mpr_value value;
};

/* Calls model->set() for each property that is set; `settings` has an element for each
 * of the model's. 0, or the error of the first that is refused. */
int mpr_model_apply(const struct mpr_model *model, const struct mpr_setting *settings, void *state);

/*
 * Allocates an instance of the model, sets its properties (NULL: none) and has it made
 * ready; `id` is copied. 0; -ENOMEM, or what the model returned.
 */
int mpr_device_create(const struct mpr_device_ops *ops, struct mpr_host *host, const char *id,
		      const struct mpr_setting *settings, struct mpr_device **dev);
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

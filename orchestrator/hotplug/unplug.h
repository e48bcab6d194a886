/* SPDX-License-Identifier: MIT */
/* Removing from the running machine; plug.h says when `done` is called. */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_UNPLUG_H
#define MPR_ORCHESTRATOR_HOTPLUG_UNPLUG_H

#include <stdint.h>

#include "orchestrator/hotplug/plug.h"

struct mpr_change;

/* What to remove. */
struct mpr_vm_name {
	const char *id;
	const uint64_t *rid; /* the process that must have it, or NULL: any */
};

/* Removes a drive that no disk uses. */
void mpr_vm_unplug_drive(struct mpr_vm *vm, const struct mpr_vm_name *name, mpr_vm_changed_fn done,
			 void *opaque);

/* Removes a device. When a disk's removal is done, the disk and its drive are gone. An adapter's is
 * done when QEMU has asked the guest; the adapter goes with its disks when the guest has released
 * it, which QEMU reports by DEVICE_DELETED. A process ends with its last adapter. */
void mpr_vm_unplug_device(struct mpr_vm *vm, const struct mpr_vm_name *name, mpr_vm_changed_fn done,
			  void *opaque);

/* Sends device_del. The change ends when that has succeeded and DEVICE_DELETED has come, or when it
 * has failed. */
void mpr_change_remove(struct mpr_change *change);

/* QEMU has deleted a device; it may be the proxy of an adapter. */
void mpr_vm_proxy_deleted(struct mpr_vm *vm, const char *id);

#endif

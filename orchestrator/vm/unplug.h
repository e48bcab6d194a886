/* SPDX-License-Identifier: MIT */
/* Removing from the running machine; see plug.h. */
#ifndef MPR_ORCHESTRATOR_VM_UNPLUG_H
#define MPR_ORCHESTRATOR_VM_UNPLUG_H

#include <stdint.h>

#include "orchestrator/vm/plug.h"

/* Which one to remove. */
struct mpr_vm_name {
	const char *id;
	const uint64_t *rid; /* the process that must have it, or NULL: any */
};

/* Removes a drive that no disk uses. */
void mpr_vm_unplug_drive(struct mpr_vm *vm, const struct mpr_vm_name *name, mpr_vm_changed_fn done,
			 void *opaque);

/* Removes a device. A disk is gone when it is done, and with it its drive. For an
 * adapter it is done when the guest was asked; when the guest has let go, which QEMU
 * tells by DEVICE_DELETED, its disks go as well, and the process of a last adapter ends. */
void mpr_vm_unplug_device(struct mpr_vm *vm, const struct mpr_vm_name *name, mpr_vm_changed_fn done,
			  void *opaque);

/* QEMU has let go of a device. */
void mpr_vm_proxy_deleted(struct mpr_vm *vm, const char *id);

#endif

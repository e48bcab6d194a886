/* SPDX-License-Identifier: MIT */
/*
 * Changes of the running machine. Each ends with a call of `done`: from the main loop, or
 * at once. One that takes longer than 30 seconds, because a remote does not answer or its I/O
 * does not end, is told as an error and goes on.
 */
#ifndef MPR_ORCHESTRATOR_VM_HOTPLUG_H
#define MPR_ORCHESTRATOR_VM_HOTPLUG_H

#include <stdint.h>

struct mpr_remote_option;
struct mpr_vm;

/* `error`, a message valid during the call, or NULL: it is done. */
typedef void (*mpr_hotplug_fn)(void *opaque, const char *error);

/* Adds what an -rdrive or -rdevice describes, which is taken over. The rid of an
 * adapter may be a new one: a process is started for it. After an error everything
 * is as before. */
void mpr_hotplug_add(struct mpr_vm *vm, struct mpr_remote_option *option, mpr_hotplug_fn done,
		     void *opaque);

/* Which one to remove. */
struct mpr_hotplug_name {
	const char *id;
	const uint64_t *rid; /* the process that must have it, or NULL: any */
};

/* Removes a drive that no disk uses. */
void mpr_hotplug_drive_del(struct mpr_vm *vm, const struct mpr_hotplug_name *name,
			   mpr_hotplug_fn done, void *opaque);

/* Removes a device. A disk is gone when it is done, and with it its drive. For an
 * adapter it is done when the guest was asked; when the guest has let go, which QEMU
 * tells by DEVICE_DELETED, its disks go as well, and the process of a last adapter ends. */
void mpr_hotplug_device_del(struct mpr_vm *vm, const struct mpr_hotplug_name *name,
			    mpr_hotplug_fn done, void *opaque);

#endif

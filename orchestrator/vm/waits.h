/* SPDX-License-Identifier: MIT */
/* Waiting for a DEVICE_DELETED of a remote process. */
#ifndef MPR_ORCHESTRATOR_VM_WAITS_H
#define MPR_ORCHESTRATOR_VM_WAITS_H

#include <glib.h>
#include <stdbool.h>

struct mpr_vm;
struct mpr_vm_remote;

/* `lost`: the connection to the remote was, and the device is gone with all others. */
typedef void (*mpr_vm_deleted_fn)(void *opaque, bool lost);

/* An empty list (g_ptr_array_unref() it). */
GPtrArray *mpr_vm_waits_create(void);

/* Has `deleted` called, once, when the remote's device or the remote itself is gone. */
void mpr_vm_await_deleted(struct mpr_vm_remote *remote, const char *id, mpr_vm_deleted_fn deleted,
			  void *opaque);
/* Cancels what was registered with `opaque`. */
void mpr_vm_stop_waiting(struct mpr_vm *vm, const void *opaque);

bool mpr_vm_is_awaited(const struct mpr_vm_remote *remote, const char *id);

/* Calls those who wait for the device. `id` NULL: the remote is lost, and with it all devices. */
void mpr_vm_end_waits(struct mpr_vm_remote *remote, const char *id);

#endif

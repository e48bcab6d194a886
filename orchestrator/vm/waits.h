/* SPDX-License-Identifier: MIT */
/* Who waits for a device of a remote process to be gone. */
#ifndef MPR_ORCHESTRATOR_VM_WAITS_H
#define MPR_ORCHESTRATOR_VM_WAITS_H

#include <glib.h>
#include <stdbool.h>

struct mpr_vm;
struct mpr_vm_remote;

/* `lost`: all that the process had is gone with it. */
typedef void (*mpr_vm_deleted_fn)(void *opaque, bool lost);

/* Nobody yet (g_ptr_array_unref() it). */
GPtrArray *mpr_vm_waits_create(void);

/* Has `deleted` called once, when the remote's device is gone, or the remote. */
void mpr_vm_await_deleted(struct mpr_vm_remote *remote, const char *id, mpr_vm_deleted_fn deleted,
			  void *opaque);
/* Not any more. */
void mpr_vm_stop_waiting(struct mpr_vm *vm, const void *opaque);

bool mpr_vm_is_awaited(const struct mpr_vm_remote *remote, const char *id);

/* The device is gone. `id` NULL: all are, because the remote is lost. */
void mpr_vm_end_waits(struct mpr_vm_remote *remote, const char *id);

#endif

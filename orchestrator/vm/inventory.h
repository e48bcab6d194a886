/* SPDX-License-Identifier: MIT */
/* The remote processes of the running machine, and what they have. */
#ifndef MPR_ORCHESTRATOR_VM_INVENTORY_H
#define MPR_ORCHESTRATOR_VM_INVENTORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct mpr_remote_option;
struct mpr_vm;
struct mpr_vm_remote;

/* All processes (struct mpr_vm_remote), even those about to end; and what they have (struct
 * mpr_remote_option), even what is being added or removed. */
const GPtrArray *mpr_vm_remotes(const struct mpr_vm *vm);
const GPtrArray *mpr_vm_options(const struct mpr_vm *vm);

/* The process with that rid that is connected and not about to end, or NULL. */
struct mpr_vm_remote *mpr_vm_find_remote(const struct mpr_vm *vm, uint64_t rid);

/* Its adapter or disk with that id; its drive with that id; or NULL. */
struct mpr_remote_option *mpr_vm_find_device(const struct mpr_vm *vm, uint64_t rid, const char *id);
struct mpr_remote_option *mpr_vm_find_drive(const struct mpr_vm *vm, uint64_t rid, const char *id);

/* Whether a disk is on the adapter's bus ("lsi0.0"). */
bool mpr_vm_is_on(const struct mpr_vm *vm, const struct mpr_remote_option *disk,
		  const struct mpr_remote_option *adapter);

#endif

/* SPDX-License-Identifier: MIT */
/* Starting a remote process for an adapter with a new rid. */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_CONNECT_H
#define MPR_ORCHESTRATOR_HOTPLUG_CONNECT_H

#include <stdint.h>

struct mpr_vm;
struct mpr_vm_remote;

/* Starts one without devices, and connects to it. NULL with *error set to a message (free() it). */
struct mpr_vm_remote *mpr_vm_start_remote(struct mpr_vm *vm, uint64_t rid, char **error);

#endif

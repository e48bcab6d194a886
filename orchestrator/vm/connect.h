/* SPDX-License-Identifier: MIT */
/* A remote process that is started for a device of a new rid, and its connection. */
#ifndef MPR_ORCHESTRATOR_VM_CONNECT_H
#define MPR_ORCHESTRATOR_VM_CONNECT_H

#include <stdint.h>

struct mpr_vm;
struct mpr_vm_remote;

/* Starts a remote process without devices. NULL with *error set to a message (free() it). */
struct mpr_vm_remote *mpr_vm_start_remote(struct mpr_vm *vm, uint64_t rid, char **error);

#endif

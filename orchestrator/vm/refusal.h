/* SPDX-License-Identifier: MIT */
/* Changes that are refused before they begin. */
#ifndef MPR_ORCHESTRATOR_VM_REFUSAL_H
#define MPR_ORCHESTRATOR_VM_REFUSAL_H

#include <stdint.h>

#include "orchestrator/vm/plug.h"

/* The message for a rid that no process has (free() it). */
char *mpr_vm_no_remote(const struct mpr_vm *vm, uint64_t rid);

/* Calls `done` with the error, and frees it. */
void mpr_vm_refuse(char *error, mpr_vm_changed_fn done, void *opaque);

#endif

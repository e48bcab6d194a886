/* SPDX-License-Identifier: MIT */
/*
 * What is believed of what a remote process says, which may have been taken over: what
 * concerns its own devices and drives, where it can have come about, and not more of it
 * than anybody could read. What users are told is made of that, and not passed on.
 */
#ifndef MPR_ORCHESTRATOR_VM_BELIEVE_H
#define MPR_ORCHESTRATOR_VM_BELIEVE_H

#include <stdbool.h>

struct json_object;
struct mpr_vm_remote;

/* That an I/O error stopped it: one of its drives is to stop at errors. */
bool mpr_believe_stopped(const struct mpr_vm_remote *remote);

/* That a device of its has gone: mpring asked for that, or for that of its adapter. */
bool mpr_believe_deleted(const struct mpr_vm_remote *remote, const char *id);

/* What users are to be told of a BLOCK_IO_ERROR (json_object_put() it), or NULL: nothing. */
struct json_object *mpr_believe_io_error(struct mpr_vm_remote *remote, struct json_object *event);

/* Tells the operator, once for each process, that it said what is not believed. */
void mpr_disbelieve(struct mpr_vm_remote *remote, const char *what);

#endif

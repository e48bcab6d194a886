/* SPDX-License-Identifier: MIT */
/*
 * Which claims of a remote process are believed. The process may have been taken over, so it is
 * believed only what concerns its own devices and drives, what is possible, and at a limited rate.
 * What users are told is made anew from that; no text of the process is passed on unchecked.
 */
#ifndef MPR_ORCHESTRATOR_VM_BELIEVE_H
#define MPR_ORCHESTRATOR_VM_BELIEVE_H

#include <stdbool.h>

struct json_object;
struct mpr_vm_remote;

/* That an I/O error stopped it: possible if a drive of its has werror= or rerror=stop. */
bool mpr_believe_stopped(const struct mpr_vm_remote *remote);

/* That its device has gone: possible if mpring removes that, or the adapter that it is on. */
bool mpr_believe_deleted(const struct mpr_vm_remote *remote, const char *id);

/* The BLOCK_IO_ERROR for users (json_object_put() it), made of the remote's. NULL: it is not
 * believed, or one too many. */
struct json_object *mpr_believe_io_error(struct mpr_vm_remote *remote, struct json_object *event);

/* Reports to the operator, once for each process, that it makes claims which are not believed. */
void mpr_disbelieve(struct mpr_vm_remote *remote, const char *what);

#endif

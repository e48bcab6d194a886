/* SPDX-License-Identifier: MIT */
/*
 * Adding to the running machine. A change, this or of unplug.h, ends with a call of `done`:
 * from the main loop, or at once. One that takes longer than 30 seconds, because a remote
 * does not answer or its I/O does not end, is told as an error and goes on.
 */
#ifndef MPR_ORCHESTRATOR_VM_PLUG_H
#define MPR_ORCHESTRATOR_VM_PLUG_H

struct mpr_remote_option;
struct mpr_vm;

/* `error`, a message valid during the call, or NULL: it is done. */
typedef void (*mpr_vm_changed_fn)(void *opaque, const char *error);

/* Adds what an -rdrive or -rdevice describes, which is taken over. The rid of an
 * adapter may be a new one: a process is started for it. After an error everything
 * is as before. */
void mpr_vm_plug(struct mpr_vm *vm, struct mpr_remote_option *option, mpr_vm_changed_fn done,
		 void *opaque);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Adding to the running machine. When a change (this, or of unplug.h) is done or has failed, `done`
 * is called, from the main loop or at once. If that takes longer than 30 seconds, because a remote
 * does not answer or its I/O does not end, `done` is called with an error, and the change goes on.
 */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_PLUG_H
#define MPR_ORCHESTRATOR_HOTPLUG_PLUG_H

struct mpr_remote_option;
struct mpr_vm;

/* `error`: a message, valid during the call; NULL: success. */
typedef void (*mpr_vm_changed_fn)(void *opaque, const char *error);

/* Adds a drive or a device; takes over the option. For an adapter with a new rid a process is
 * started. After an error everything is as before. */
void mpr_vm_plug(struct mpr_vm *vm, struct mpr_remote_option *option, mpr_vm_changed_fn done,
		 void *opaque);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * -sandbox: a filter of system calls (seccomp), with QEMU's words for what is denied and
 * QEMU's answers to it. A device process needs none of these calls once it serves: only one
 * that was taken over is hit.
 */
#ifndef MPR_REMOTE_PROCESS_SANDBOX_H
#define MPR_REMOTE_PROCESS_SANDBOX_H

#include <stdbool.h>

#include "opts/opts.h"

/* Which calls are denied. All zero: none. */
struct mpr_sandbox {
	bool on;	 /* those that are for administrators of the machine */
	bool obsolete;	 /* those that no program of today uses */
	bool privileges; /* changing user or session */
	bool spawn;	 /* starting processes; threads may be started */
	bool resources;	 /* changing priorities and places: fails with EPERM */
};

/* Adds what "enable=on|off[,obsolete=allow|deny][,elevateprivileges=allow|deny|children]
 * [,spawn=allow|deny][,resourcecontrol=allow|deny]" denies: as QEMU's filters do, several
 * options add up. 0, or -EINVAL with *error set to a message (free() it). */
int mpr_sandbox_parse(const struct mpr_opts *opts, struct mpr_sandbox *sandbox, char **error);

/* Filters the system calls of all threads from now on and sets no_new_privs; cannot be
 * undone. Does nothing when off. 0 or negative errno. */
int mpr_sandbox_enter(const struct mpr_sandbox *sandbox);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What QEMU's -global and -set say of remote devices: -global gives all devices of a
 * driver a property that they do not have from their own options, -set changes the
 * option of one.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_GLOBALS_H
#define MPR_ORCHESTRATOR_PLAN_GLOBALS_H

#include <glib.h>
#include <stdbool.h>

#include "orchestrator/plan/remote_option.h"

struct mpr_global {
	const char *text; /* as given, in argv */
	char *driver, *property, *value;
};

/* The -global options of a command line (ended by NULL, kept by the caller), an array
 * of struct mpr_global (g_ptr_array_unref() it). What cannot be parsed is left to QEMU,
 * which refuses it. */
GPtrArray *mpr_globals_parse(char *const *argv);

/* True when it is for that device: its driver's, or one that QEMU derives it from. */
bool mpr_global_is_for(const struct mpr_global *global, const struct mpr_remote_option *option);

/* Completes a device's option. */
void mpr_globals_apply(const GPtrArray *globals, struct mpr_remote_option *option);

/* Changes the remote options that the command line's -set name. */
void mpr_sets_apply(char *const *argv, const GPtrArray *options);

/* True for the value of a -set of a remote option, of which QEMU knows nothing. */
bool mpr_set_is_remote(const char *text, const GPtrArray *options);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * QEMU's -global and -set, applied to remote devices: -global sets the default of a property for
 * all devices of a driver, -set changes a key of one device's or drive's option.
 */
#ifndef MPR_ORCHESTRATOR_OPTIONS_GLOBALS_H
#define MPR_ORCHESTRATOR_OPTIONS_GLOBALS_H

#include <glib.h>
#include <stdbool.h>

#include "orchestrator/options/remote_option.h"

struct mpr_global {
	const char *text; /* as given, in argv */
	char *driver, *property, *value;
};

/* The -global options of a command line (ended by NULL), as an array of struct mpr_global
 * (g_ptr_array_unref() it, before argv is freed). What cannot be parsed is skipped: QEMU refuses
 * it. */
GPtrArray *mpr_globals_parse(char *const *argv);

/* Whether it applies to that device: it names its driver, or a base class of it. */
bool mpr_global_is_for(const struct mpr_global *global, const struct mpr_remote_option *option);

/* Adds to a device's option the properties that it lacks. */
void mpr_globals_apply(const GPtrArray *globals, struct mpr_remote_option *option);

/* Applies the command line's -set to the remote options that they name. */
void mpr_sets_apply(char *const *argv, const GPtrArray *options);

/* Whether the value of a -set names a remote option, which QEMU would not find. */
bool mpr_set_is_remote(const char *text, const GPtrArray *options);

#endif

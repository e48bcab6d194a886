/* SPDX-License-Identifier: MIT */
/* Which drivers the remote program has: it knows, so it is asked. */
#ifndef MPR_ORCHESTRATOR_PLAN_DRIVERS_H
#define MPR_ORCHESTRATOR_PLAN_DRIVERS_H

#include <glib.h>

/* Checks the drivers of a list of struct mpr_remote_option against what PROGRAM's
 * "-device help" lists, for which it waits. 0, or -EINVAL with *error set to a message
 * that quotes the option and names the nearest driver (free() it). */
int mpr_check_drivers(const char *program, const GPtrArray *options, char **error);

/* That disks have the properties that -global (struct mpr_global) gives them, which
 * PROGRAM is asked. An adapter's are QEMU's to check. Results as above. */
int mpr_check_globals(const char *program, const GPtrArray *globals, const GPtrArray *options,
		      char **error);

#endif

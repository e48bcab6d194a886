/* SPDX-License-Identifier: MIT */
/* Checks drivers and their properties by asking the remote program, which knows them. */
#ifndef MPR_ORCHESTRATOR_PLAN_DRIVERS_H
#define MPR_ORCHESTRATOR_PLAN_DRIVERS_H

#include <glib.h>

struct mpr_drivers;
struct mpr_remote_option;

/* `plugins`: the files that PROGRAM is to load, ended by NULL; they must outlive the drivers. */
struct mpr_drivers *mpr_drivers_create(const char *program, char *const *plugins);
/* NULL is ignored. */
void mpr_drivers_free(struct mpr_drivers *drivers);

/* Asks the program, blocking until it has answered, checks the drivers of a list of struct
 * mpr_remote_option, and does mpr_drivers_apply() for each. 0, or -EINVAL with *error set to the
 * program's message, or to one that quotes the option and offers the nearest driver (free() it). */
int mpr_check_drivers(struct mpr_drivers *drivers, const GPtrArray *options, char **error);

/* Sets in an adapter's option which properties are the model's (mpr_remote_option.own), if the
 * program was asked. */
void mpr_drivers_apply(const struct mpr_drivers *drivers, struct mpr_remote_option *option);

/* Checks that disks have the properties that -global (struct mpr_global) sets. Those of adapters
 * are checked by QEMU or by the remote. Results as above. */
int mpr_check_globals(struct mpr_drivers *drivers, const GPtrArray *globals,
		      const GPtrArray *options, char **error);

#endif

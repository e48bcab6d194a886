/* SPDX-License-Identifier: MIT */
/* What the options of a command line say of each other: ids, buses, drives. */
#ifndef MPR_ORCHESTRATOR_PLAN_REFERENCES_H
#define MPR_ORCHESTRATOR_PLAN_REFERENCES_H

#include <glib.h>

/* That the names which remote options (struct mpr_remote_option, each checked by
 * mpr_remote_option_check()) use are there, and taken once. 0, or -EINVAL with *error set to a
 * message that quotes the option (free() it). */
int mpr_check_references(char *const *argv, const GPtrArray *options, char **error);

#endif

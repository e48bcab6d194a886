/* SPDX-License-Identifier: MIT */
/* Names by which the options of a command line refer to each other: ids, buses, drives. */
#ifndef MPR_ORCHESTRATOR_PLAN_REFERENCES_H
#define MPR_ORCHESTRATOR_PLAN_REFERENCES_H

#include <glib.h>

/* Checks that the names in remote options (struct mpr_remote_option, each checked by
 * mpr_remote_option_check()) exist, and are unique. 0, or -EINVAL with *error set to a message that
 * quotes the option (free() it). */
int mpr_check_references(char *const *argv, const GPtrArray *options, char **error);

#endif

/* SPDX-License-Identifier: MIT */
/* Finding options on a command line of QEMU (ended by NULL). */
#ifndef MPR_ORCHESTRATOR_PLAN_COMMAND_LINE_H
#define MPR_ORCHESTRATOR_PLAN_COMMAND_LINE_H

#include <stdbool.h>

#include "opts/opts.h"

/* The value of the next option of that name from argv[*at] on, which begins at 1. NULL: there is
 * no more. */
const char *mpr_next_value(char *const *argv, int *at, const char *name);

/* The same, parsed (mpr_opts_free() it). What QEMU will not be able to parse is passed over: it
 * has messages of its own. */
struct mpr_opts *mpr_next_option(char *const *argv, int *at, const char *name, const char *implied);

/* Whether there is one of that name, with a value or without. */
bool mpr_has_option(char *const *argv, const char *name);

#endif

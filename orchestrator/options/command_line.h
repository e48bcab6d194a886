/* SPDX-License-Identifier: MIT */
/* Finding options on QEMU's command line, an argv ended by NULL. */
#ifndef MPR_ORCHESTRATOR_OPTIONS_COMMAND_LINE_H
#define MPR_ORCHESTRATOR_OPTIONS_COMMAND_LINE_H

#include <stdbool.h>

#include "opts/opts.h"

/* The value of the next option of that name from argv[*at] on; NULL: there is none. *at is 1 at
 * first, and is moved on. */
const char *mpr_next_value(char *const *argv, int *at, const char *name);

/* The same, parsed (mpr_opts_free() it). A value that cannot be parsed is skipped: QEMU will report
 * it. */
struct mpr_opts *mpr_next_option(char *const *argv, int *at, const char *name, const char *implied);

/* Whether there is one of that name, with a value or without. */
bool mpr_has_option(char *const *argv, const char *name);

#endif

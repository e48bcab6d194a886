/* SPDX-License-Identifier: MIT */
/*
 * What can be told to be wrong with a command line before anything is started: what
 * its options say of each other. What an option says by itself is checked by whoever
 * takes it.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_CHECK_H
#define MPR_ORCHESTRATOR_PLAN_CHECK_H

#include <glib.h>
#include <stdbool.h>

#include "opts/opts.h"

/* Whether the argument is option `name`, which QEMU takes with one dash or two. */
bool mpr_is_option(const char *arg, const char *name);

/*
 * The next option of that name from argv[*at] on, which begins at 1; its value, parsed
 * (mpr_opts_free() it). NULL: there is no more. What QEMU will not be able to parse is
 * passed over: it has messages of its own.
 */
struct mpr_opts *mpr_next_option(char *const *argv, int *at, const char *name, const char *implied);

/* The names that remote options (struct mpr_remote_option, each checked by
 * mpr_remote_option_check()) use: ids, buses, drives. 0, or -EINVAL with *error set to
 * a message that quotes the option (free() it). */
int mpr_check_references(char *const *argv, const GPtrArray *options, char **error);

/* That the guest's memory can be shared with device processes. Results as above. */
int mpr_check_memory(char *const *argv, char **error);

/* That the memory has room where it is to be, now. 0, or -ENOSPC with *error set. */
int mpr_check_room(char *const *argv, char **error);

/* That QEMU stays a child of this process, as its supervision needs. Results as above. */
int mpr_check_supervision(char *const *argv, char **error);

#endif

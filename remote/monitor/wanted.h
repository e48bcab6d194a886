/* SPDX-License-Identifier: MIT */
/* Which monitors the command line wants, and where. Of what -chardev can say, those that a
 * device process has: standard input and output, and Unix sockets for which nobody waits. */
#ifndef MPR_REMOTE_MONITOR_WANTED_H
#define MPR_REMOTE_MONITOR_WANTED_H

#include "monitor/chardev.h"
#include "remote/machine/cmdline.h"

struct mpr_wanted_monitor {
	struct mpr_chardev chardev; /* its strings are the command line's */
	enum mpr_monitor_mode mode;
	const struct mpr_opts *opts; /* who asked for it, for messages */
};

/*
 * Reads the command line's monitors, *count of them (free() them). 0, or negative
 * errno with *error set to a message.
 */
int mpr_wanted_monitors_parse(const struct mpr_cmdline *cmdline,
			      struct mpr_wanted_monitor **monitors, size_t *count, char **error);

#endif

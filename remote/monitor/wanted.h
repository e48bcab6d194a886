/* SPDX-License-Identifier: MIT */
/* The monitors that the command line asks for. A device process supports stdio and Unix
 * sockets, and never waits for a client to connect. */
#ifndef MPR_REMOTE_MONITOR_WANTED_H
#define MPR_REMOTE_MONITOR_WANTED_H

#include "monitor/chardev.h"
#include "remote/machine/cmdline.h"

struct mpr_wanted_monitor {
	struct mpr_chardev chardev; /* strings owned by the command line */
	enum mpr_monitor_mode mode;
	const struct mpr_opts *opts; /* the option that asked for it, for messages */
};

/*
 * Reads the command line's monitors, *count of them (free() them). 0, or negative
 * errno with *error set to a message.
 */
int mpr_wanted_monitors_parse(const struct mpr_cmdline *cmdline,
			      struct mpr_wanted_monitor **monitors, size_t *count, char **error);

#endif

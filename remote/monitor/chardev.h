/* SPDX-License-Identifier: MIT */
/* Where a monitor is: what -monitor, -qmp, -mon and -chardev say. */
#ifndef MPR_REMOTE_MONITOR_CHARDEV_H
#define MPR_REMOTE_MONITOR_CHARDEV_H

#include "remote/machine/cmdline.h"

enum mpr_monitor_mode { MPR_MONITOR_HMP, MPR_MONITOR_QMP, MPR_MONITOR_QMP_PRETTY };

enum mpr_chardev_kind {
	MPR_CHARDEV_NONE,
	MPR_CHARDEV_STDIO,
	MPR_CHARDEV_LISTEN,    /* at path */
	MPR_CHARDEV_CONNECT,   /* to path */
	MPR_CHARDEV_INHERITED, /* fd, a connected socket */
};

struct mpr_chardev {
	enum mpr_chardev_kind kind;
	const char *path; /* of the command line */
	int fd;
	enum mpr_monitor_mode mode;
	const struct mpr_opts *opts; /* who asked for it, for messages */
};

/*
 * Reads the command line's monitors, *count of them (free() them). 0, or negative
 * errno with *error set to a message.
 */
int mpr_chardevs_parse(const struct mpr_cmdline *cmdline, struct mpr_chardev **chardevs,
		       size_t *count, char **error);

#endif

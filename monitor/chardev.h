/* SPDX-License-Identifier: MIT */
/*
 * What -chardev, -mon, and the short forms of -monitor and -qmp say of where a monitor is.
 * Which of it a program takes is for it to say.
 */
#ifndef MPR_MONITOR_CHARDEV_H
#define MPR_MONITOR_CHARDEV_H

#include <stdbool.h>

#include "opts/opts.h"

enum mpr_monitor_mode { MPR_MONITOR_HMP, MPR_MONITOR_QMP, MPR_MONITOR_QMP_PRETTY };

enum mpr_chardev_kind {
	MPR_CHARDEV_OTHER, /* than these */
	MPR_CHARDEV_NONE,
	MPR_CHARDEV_STDIO,
	MPR_CHARDEV_UNIX, /* path */
	MPR_CHARDEV_TCP,  /* host, "" for all; port */
	MPR_CHARDEV_FD,	  /* fd, a socket that is open already */
};

/* The strings are the option's. */
struct mpr_chardev {
	enum mpr_chardev_kind kind;
	const char *path, *host, *port;
	int fd;
	bool server;
	bool wait;    /* a server: for somebody to come, before anything else is done */
	bool signals; /* stdio: keys may send signals */
};

/* Turns -monitor's short form into that of -chardev: "unix:PATH" is socket,path=PATH, and
 * "tcp:HOST:PORT" is socket,host=HOST,port=PORT. All else stays. 0 or -ENOMEM. */
int mpr_chardev_expand(struct mpr_opts *opts);

/* Reads such an option. Properties that it does not know are not looked at. 0, or -EINVAL with
 * *error. */
int mpr_chardev_parse(const struct mpr_opts *opts, struct mpr_chardev *chardev, char **error);

/* Reads a -mon: the id of its -chardev (NULL: it has none), which is the option's, and the mode. As
 * mpr_chardev_parse(); but what it does not know is refused. */
int mpr_mon_parse(const struct mpr_opts *opts, const char **chardev, enum mpr_monitor_mode *mode,
		  char **error);

#endif

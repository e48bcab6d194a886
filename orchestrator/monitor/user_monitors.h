/* SPDX-License-Identifier: MIT */
/*
 * Where the user wants monitors: -monitor, -qmp, -qmp-pretty, and -mon with its
 * -chardev, taken out of a QEMU command line.
 *
 * Taken over are stdio, Unix sockets (to listen on, to connect to, or inherited as
 * fd=) and TCP sockets to listen on. Every other form stays QEMU's own.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_USER_MONITORS_H
#define MPR_ORCHESTRATOR_MONITOR_USER_MONITORS_H

#include <stdbool.h>
#include <stddef.h>

#include "monitor/chardev.h"

struct mpr_user_monitor {
	struct mpr_chardev chardev;
	enum mpr_monitor_mode mode;
	struct mpr_opts *opts; /* of which the chardev's strings are */
	char *text;	       /* "-monitor stdio", for messages */
};

struct mpr_user_monitors {
	struct mpr_user_monitor *list;
	size_t count;
	char **argv;	  /* what is left for QEMU, ended by NULL */
	char *qemus_own;  /* options that stay QEMU's, for a message; or NULL */
	bool takes_stdio; /* one of them is stdio */
};

/* Takes the monitors out of a command line. 0, or -EINVAL with *error set to a
 * message (free() it). */
int mpr_user_monitors_create(char *const *argv, struct mpr_user_monitors **monitors, char **error);
void mpr_user_monitors_free(struct mpr_user_monitors *monitors);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The monitors that the user asks for with -monitor, -qmp, -qmp-pretty, and -mon with its
 * -chardev, taken out of a QEMU command line.
 *
 * stdio, Unix sockets (listening, connecting, or inherited as fd=) and listening TCP sockets
 * are taken over. Every other form stays on QEMU's command line.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_USER_MONITORS_H
#define MPR_ORCHESTRATOR_MONITOR_USER_MONITORS_H

#include <stdbool.h>
#include <stddef.h>

#include "monitor/chardev.h"

struct mpr_user_monitor {
	struct mpr_chardev chardev;
	enum mpr_monitor_mode mode;
	struct mpr_opts *opts; /* owns the chardev's strings */
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

/* SPDX-License-Identifier: MIT */
/*
 * The command line of mpring-remote, as lists of options. They may come in any order;
 * machine.c makes sense of them together.
 */
#ifndef MPR_REMOTE_MACHINE_CMDLINE_H
#define MPR_REMOTE_MACHINE_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opts/list.h"
#include "remote/models/plugins.h"
#include "remote/process/placement.h"
#include "remote/process/privileges.h"
#include "remote/process/sandbox.h"

struct mpr_cmdline {
	struct mpr_models models;
	const char *fd; /* the argument that is no option, a descriptor; or NULL */
	struct mpr_option_list devices, drives, blockdevs, objects;
	struct mpr_option_list chardevs, monitors, qmps, pretty_qmps, mons;
	const char *pidfile, *log_file, *log_items; /* NULL: not given */
	char *guest;				    /* the machine's name (-name), or NULL */
	bool timestamp, guest_in_log;		    /* what messages begin with (-msg) */
	bool daemonize;
	bool lock_memory; /* pin guest memory */
	bool sqpoll;	  /* a kernel thread submits I/O */
	uint64_t poll_us; /* the longest look for work before sleeping */
	struct mpr_placement placement;
	struct mpr_privileges privileges;
	struct mpr_sandbox sandbox;
	bool help; /* help or the version was printed: there is nothing else to do */
};

/* Called by this name, the program wants the file descriptor as its first argument. */
#define MPR_LINK_NAME "qemu-scsi-dev"

/* `models`: those that the program was built with, ended by NULL. 0, or -EINVAL or -ENOMEM
 * with *error set to a message (free() it). Free the command line in either case. */
int mpr_cmdline_parse(struct mpr_cmdline *cmdline, int argc, char **argv,
		      const struct mpr_model *const *models, char **error);
void mpr_cmdline_free(struct mpr_cmdline *cmdline);

/* True when there is a monitor, at which devices can be added. */
bool mpr_cmdline_has_monitor(const struct mpr_cmdline *cmdline);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The machine that a command line describes: disk images, devices, disks behind them, and
 * the sockets on which the devices are offered.
 */
#ifndef MPR_REMOTE_MACHINE_MACHINE_H
#define MPR_REMOTE_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "remote/device/list.h"
#include "remote/machine/cmdline.h"
#include "remote/storage/drives.h"
#include "remote/vmm/offers.h"

/* Calls about what happens by itself. */
struct mpr_events {
	void (*device_deleted)(void *opaque, const char *id);
	void (*io_error)(void *opaque, const struct mpr_drive *drive);
	void *opaque;
};

struct mpr_machine {
	struct mpr_cmdline *cmdline;
	struct mpr_watcher *watcher;
	struct mpr_timers *timers;
	const struct mpr_events *events; /* NULL: nobody */

	struct mpr_storage storage;
	struct mpr_hosted_list devices;
	struct mpr_offers offers;

	bool stopped;  /* see mpr_machine_stop() */
	bool io_error; /* stopped because of failed requests, which are held */
	bool quit;     /* the process is to end */
};

/*
 * Builds the machine. `cmdline` must outlive it and owns the options, those that are
 * added later, too (remote/machine/hotplug.h). 0, or negative errno with *error set to a
 * message that quotes the option (free() it). Destroy the machine in either case.
 */
int mpr_machine_build(struct mpr_machine *machine, struct mpr_cmdline *cmdline,
		      struct mpr_watcher *watcher, struct mpr_timers *timers, char **error);

/* Checks a -device, or builds the PCI device or disk that it describes. Results as
 * above. */
int mpr_machine_check_device(const struct mpr_machine *machine, const struct mpr_opts *opts,
			     char **error);
int mpr_machine_build_device(struct mpr_machine *machine, struct mpr_opts *opts, char **error);

/* Stops the models, or lets them go on. While stopped, accesses to registers are answered
 * and I/O under way ends, and nothing else happens. Going on retries the requests that are
 * held because of an error (werror=stop). */
void mpr_machine_stop(struct mpr_machine *machine, bool stopped);

/* The machine must be idle, see mpr_machine_idle(). */
void mpr_machine_destroy(struct mpr_machine *machine);

/* True when no drive has I/O in flight. */
bool mpr_machine_drained(const struct mpr_machine *machine);

/* True when no device holds guest memory and no drive has I/O in flight. */
bool mpr_machine_idle(const struct mpr_machine *machine);

#endif

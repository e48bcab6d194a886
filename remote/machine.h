/* SPDX-License-Identifier: MIT */
/*
 * What a command line asks for: disk images, devices, disks behind them, and
 * the sockets on which the devices are offered.
 */
#ifndef MPR_REMOTE_MACHINE_H
#define MPR_REMOTE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "blk/blk.h"
#include "remote/cmdline.h"
#include "remote/hosted.h"
#include "remote/session.h"

/* A -drive. */
struct mpr_drive {
	const struct mpr_opts *opts;
	const char *id;
	struct mpr_blk *blk;
	const struct mpr_opts *disk; /* the -device that uses it, or NULL */
	struct mpr_hosted *adapter;  /* and the adapter of that, or NULL */
	uint64_t reported_failures;  /* of mpr_blk_stats.failed_operations */
};

/* A socket on which devices are offered. */
struct mpr_endpoint {
	int fd;		  /* a connected socket, or -1 */
	const char *path; /* where to listen, or NULL */
	struct mpr_offer offer;
};

struct mpr_machine {
	struct mpr_drive *drives;
	size_t drive_count;
	struct mpr_hosted **devices;
	size_t device_count;
	struct mpr_endpoint *endpoints;
	size_t endpoint_count;
};

/*
 * Builds the machine; `cmdline` must outlive it. Devices work with `watcher`
 * and `timers`. 0, or negative errno with *error set to a message that quotes
 * the option (free() it). Destroy the machine in either case.
 */
int mpr_machine_build(struct mpr_machine *machine, const struct mpr_cmdline *cmdline,
		      const struct mpr_device_ops *const *models, struct mpr_watcher *watcher,
		      struct mpr_timers *timers, char **error);

/* Every device must be idle and every drive without I/O in flight. */
void mpr_machine_destroy(struct mpr_machine *machine);

/* True when no device holds guest memory and no drive has I/O in flight. */
bool mpr_machine_idle(const struct mpr_machine *machine);

#endif

/* SPDX-License-Identifier: MIT */
/* Serving a machine's devices, from the first connection to the last request. */
#ifndef MPR_REMOTE_SERVICE_H
#define MPR_REMOTE_SERVICE_H

#include "remote/machine/machine.h"

/*
 * Serves until the last connection has ended (a listening socket counts as one until
 * somebody has used it, an inherited monitor socket while it is open), a monitor said quit, or
 * SIGTERM or SIGINT came; SIGUSR1 logs the counters. The caller has called
 * mpr_signals_block(). ready() is called when serving begins and may fail as this does.
 *
 * At the end it resets the devices, waits for their I/O, flushes the drives, hangs up on
 * the VMMs, whose memory is written no more, and stops every watch. 0, or negative errno
 * with *error set to a message (free() it). -ETIMEDOUT: I/O did not end within
 * MPR_SERVICE_END_MS. Then nothing may be destroyed and the process must exit as it is:
 * images stay locked, and VMMs connected, until the kernel has ended the I/O.
 */
#define MPR_SERVICE_END_MS 10000
int mpr_serve(struct mpr_machine *machine, int (*ready)(void *opaque, char **error), void *opaque,
	      char **error);

#endif

/* SPDX-License-Identifier: MIT */
/* Serving a machine's devices, from the first connection to the last request. */
#ifndef MPR_REMOTE_SERVICE_H
#define MPR_REMOTE_SERVICE_H

#include "remote/machine/machine.h"

/*
 * Serves until the last connection has ended (a socket to listen on counts as
 * one until somebody has used it, and so does a monitor's that was inherited), a
 * monitor said quit, or SIGTERM or SIGINT came; SIGUSR1 has the counters logged. The caller has
 * blocked the three signals. Calls ready() when it begins, which may fail as this. In the end
 * resets the devices, waits for their I/O, flushes the drives, hangs up on the VMMs, to whose
 * memory nothing is written any more, and stops every watch. 0, or negative errno with *error
 * set to a message (free() it). -ETIMEDOUT: I/O did not end within MPR_SERVICE_END_MS. Then
 * nothing may be destroyed, and the process is to end as it is: the kernel keeps images locked,
 * and does not hang up on VMMs, until it has ended the I/O.
 */
#define MPR_SERVICE_END_MS 10000
int mpr_serve(struct mpr_machine *machine, int (*ready)(void *opaque, char **error), void *opaque,
	      char **error);

#endif

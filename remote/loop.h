/* SPDX-License-Identifier: MIT */
/*
 * The thread that does the process' work: serves the devices, block I/O, timers and
 * control connections of a machine, and sleeps when there is nothing to do.
 */
#ifndef MPR_REMOTE_LOOP_H
#define MPR_REMOTE_LOOP_H

#include "remote/machine.h"

/*
 * Serves until the last connection has ended (a socket to listen on counts as
 * one until somebody has used it, and so does a monitor's that was inherited), a
 * monitor said quit, or SIGTERM or SIGINT came; SIGUSR1 has the counters logged. The caller has
 * blocked the three signals. Calls ready() when it begins, which may fail as this. In the end
 * resets the devices, waits for their I/O, flushes the drives and stops every watch. 0, or negative
 * errno with *error set to a message (free() it).
 */
int mpr_loop_run(struct mpr_machine *machine, struct mpr_watcher *watcher,
		 struct mpr_timers *timers, int (*ready)(void *opaque, char **error), void *opaque,
		 char **error);

#endif

/* SPDX-License-Identifier: MIT */
/* The signals that a device process is sent: SIGTERM and SIGINT end it, SIGUSR1 has its
 * counters logged. */
#ifndef MPR_REMOTE_PROCESS_SIGNALS_H
#define MPR_REMOTE_PROCESS_SIGNALS_H

#include <stdbool.h>

#include "event/watch.h"

/* Zeroed, with what to call; `fd` and `watch` are its own. */
struct mpr_signals {
	/* `ends`: the process is to end; else the counters are to be logged. */
	void (*came)(void *opaque, bool ends);
	void *opaque;
	int fd;
	struct mpr_watch *watch;
};

/* Blocks them in this thread and those that it starts: they wait for mpr_signals_watch().
 * Ignores SIGPIPE: a peer that hung up is an error code. */
void mpr_signals_block(void);

/* Calls came() from mpr_uring_reap(). 0 or negative errno; unwatch them in either case. */
int mpr_signals_watch(struct mpr_signals *signals, struct mpr_watcher *watcher);
void mpr_signals_unwatch(struct mpr_signals *signals);

#endif

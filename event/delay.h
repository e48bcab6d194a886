/* SPDX-License-Identifier: MIT */
/*
 * A call after a while, through the io_uring. Unlike the timers of models
 * (remote/device/timers.h), delays go on while the machine is stopped.
 */
#ifndef MPR_EVENT_DELAY_H
#define MPR_EVENT_DELAY_H

#include "event/watch.h"

struct mpr_delay;

/*
 * Calls elapsed(opaque) once from mpr_uring_reap(), `ms` milliseconds from now;
 * the delay is gone then. It is one of the watcher's active ones until the kernel
 * has given it up. NULL when out of memory.
 */
struct mpr_delay *mpr_delay_start(struct mpr_watcher *watcher, unsigned ms,
				  void (*elapsed)(void *opaque), void *opaque);

/* No call comes any more. NULL is ignored. */
void mpr_delay_stop(struct mpr_delay *delay);

#endif

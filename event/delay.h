/* SPDX-License-Identifier: MIT */
/* One call after some time, through the io_uring. */
#ifndef MPR_EVENT_DELAY_H
#define MPR_EVENT_DELAY_H

#include "event/watch.h"

struct mpr_delay;

/*
 * Calls elapsed(opaque) once from mpr_uring_reap(), `ms` milliseconds from now;
 * the delay is freed before. It counts in watcher->active until the kernel has ended it.
 * NULL when out of memory.
 */
struct mpr_delay *mpr_delay_start(struct mpr_watcher *watcher, unsigned ms,
				  void (*elapsed)(void *opaque), void *opaque);

/* From now on there is no call. NULL is ignored. */
void mpr_delay_stop(struct mpr_delay *delay);

#endif

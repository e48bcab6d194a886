/* SPDX-License-Identifier: MIT */
/* The one-shot timers of all models (struct mpr_timer), sorted by deadline. */
#ifndef MPR_REMOTE_DEVICE_TIMERS_H
#define MPR_REMOTE_DEVICE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/device.h"

/* Zeroed before first use. One thread. */
struct mpr_timers {
	struct mpr_timer *first;
};

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t mpr_clock_now(void);

/* (Re)arms or disarms a timer. A deadline of 0, which means disarmed, is taken as 1. */
void mpr_timers_set(struct mpr_timers *timers, struct mpr_timer *timer, uint64_t deadline);
void mpr_timers_cancel(struct mpr_timers *timers, struct mpr_timer *timer);

/* Calls the timers that are due at `now`; those armed meanwhile wait for the next call.
 * True when there was one. */
bool mpr_timers_run(struct mpr_timers *timers, uint64_t now);

/* Nanoseconds from `now` until the next deadline; UINT64_MAX: no timer. */
uint64_t mpr_timers_next(const struct mpr_timers *timers, uint64_t now);

#endif

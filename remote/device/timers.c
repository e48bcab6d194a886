/* SPDX-License-Identifier: MIT */
#include "remote/device/timers.h"

#include <time.h>

uint64_t mpr_clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void mpr_timers_cancel(struct mpr_timers *timers, struct mpr_timer *timer)
{
	struct mpr_timer **link = &timers->first;

	if (!timer->deadline)
		return;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->next = NULL;
	timer->deadline = 0;
}

void mpr_timers_set(struct mpr_timers *timers, struct mpr_timer *timer, uint64_t deadline)
{
	struct mpr_timer **link = &timers->first;

	mpr_timers_cancel(timers, timer);
	timer->deadline = deadline ? deadline : 1;
	while (*link && (*link)->deadline <= timer->deadline)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
}

bool mpr_timers_run(struct mpr_timers *timers, uint64_t now)
{
	unsigned due = 0;

	for (const struct mpr_timer *t = timers->first; t && t->deadline <= now; t = t->next)
		due++;
	/* Bounded: a timer that its function arms for the past must not hang the loop. */
	for (unsigned i = 0; i < due && timers->first && timers->first->deadline <= now; i++) {
		struct mpr_timer *timer = timers->first;

		mpr_timers_cancel(timers, timer);
		timer->fn(timer->opaque);
	}
	return due > 0;
}

uint64_t mpr_timers_next(const struct mpr_timers *timers, uint64_t now)
{
	if (!timers->first)
		return UINT64_MAX;
	return timers->first->deadline > now ? timers->first->deadline - now : 0;
}

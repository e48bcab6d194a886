/* SPDX-License-Identifier: MIT */
/*
 * How long to look for work before sleeping. Waking a sleeper costs tens of
 * microseconds, on virtual hardware a hundred; looking costs a processor. So
 * the window doubles when looking longer would have found the work, and halves
 * when even the longest look would not have.
 *
 * How long a sleep would have lasted had nobody slept is not known: its own
 * wake-up is in the measured time. Work that came within MPR_WINDOW_WAKE_NS
 * after the longest window is therefore given the benefit of the doubt, unless
 * that window has just been tried.
 */
#ifndef MPR_REMOTE_WINDOW_H
#define MPR_REMOTE_WINDOW_H

#include <stdint.h>

#define MPR_WINDOW_MAX_NS 50000u
#define MPR_WINDOW_MIN_NS 1000u
#define MPR_WINDOW_WAKE_NS 100000u

/* The next window after work came `idle_ns` after the work before. */
static inline uint64_t mpr_window_next(uint64_t window_ns, uint64_t idle_ns)
{
	if (idle_ns <= window_ns)
		return window_ns;
	if (window_ns < MPR_WINDOW_MAX_NS && idle_ns < MPR_WINDOW_MAX_NS + MPR_WINDOW_WAKE_NS)
		return 2 * window_ns < MPR_WINDOW_MAX_NS ? 2 * window_ns : MPR_WINDOW_MAX_NS;
	return window_ns / 2 > MPR_WINDOW_MIN_NS ? window_ns / 2 : MPR_WINDOW_MIN_NS;
}

#endif

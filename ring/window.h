/* SPDX-License-Identifier: MIT */
/*
 * How long to poll before sleeping. Waking a sleeper costs tens of microseconds, on
 * virtual hardware a hundred; polling costs a processor. So the window doubles when
 * polling longer would have succeeded, and halves when even the longest window would not
 * have sufficed.
 *
 * The measured time of a sleep includes its own wake-up, so when the event really came
 * is not known. An event up to MPR_WINDOW_WAKE_NS after the longest window counts as one
 * within it, unless that window has just been tried.
 */
#ifndef MPR_RING_WINDOW_H
#define MPR_RING_WINDOW_H

#include <stdint.h>

#define MPR_WINDOW_DEFAULT_US 200u /* the longest window where nobody says poll-us= */
#define MPR_WINDOW_MAX_US 1000000u /* and where somebody does */
#define MPR_WINDOW_MIN_NS 1000u
#define MPR_WINDOW_WAKE_NS 100000u

struct mpr_window {
	uint64_t ns;	 /* to poll next time */
	uint64_t max_ns; /* at most; 0: never poll */
};

static inline struct mpr_window mpr_window_of(uint32_t max_us)
{
	uint64_t max_ns = (uint64_t)max_us * 1000;

	return (struct mpr_window){.ns = max_ns, .max_ns = max_ns};
}

static inline uint64_t mpr_window_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The event came `ns` after the wait began. UINT64_MAX: it never came. */
static inline void mpr_window_learn(struct mpr_window *window, uint64_t ns)
{
	if (ns <= window->ns || window->max_ns == 0)
		return;
	if (window->ns < window->max_ns && ns < window->max_ns + MPR_WINDOW_WAKE_NS) {
		window->ns = mpr_window_min(2 * window->ns, window->max_ns);
		return;
	}
	window->ns /= 2;
	if (window->ns < MPR_WINDOW_MIN_NS)
		window->ns = mpr_window_min(MPR_WINDOW_MIN_NS, window->max_ns);
}

#endif

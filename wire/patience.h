/* SPDX-License-Identifier: MIT */
/*
 * A timeout that counts only time in which the waiter ran. Both sides may be stopped
 * together (a cgroup's freezer, a terminal, a suspended host), and the one that resumes
 * first must not find that the other has timed out. So the waiter wakes at least once a
 * slice, and a slice that took longer counts as one. One thread.
 */
#ifndef MPR_WIRE_PATIENCE_H
#define MPR_WIRE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPR_PATIENCE_SLICE_MS 100

struct mpr_patience {
	int64_t left_ns;
	int64_t looked_ns; /* the last reading of the clock; 0: none yet */
};

static inline struct mpr_patience mpr_patience_of(int ms)
{
	struct mpr_patience patience = {ms * (int64_t)1000000, 0};

	return patience;
}

/* Counts the time from the last call to now_ns (CLOCK_MONOTONIC), at most one slice; the
 * first call starts. False: the time is up. */
static inline bool mpr_patience_left_at(struct mpr_patience *patience, int64_t now_ns)
{
	const int64_t slice_ns = MPR_PATIENCE_SLICE_MS * (int64_t)1000000;
	int64_t lived_ns = patience->looked_ns ? now_ns - patience->looked_ns : 0;

	patience->looked_ns = now_ns;
	patience->left_ns -= lived_ns < slice_ns ? lived_ns : slice_ns;
	return patience->left_ns > 0;
}

static inline bool mpr_patience_left(struct mpr_patience *patience)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return mpr_patience_left_at(patience, ts.tv_sec * (int64_t)1000000000 + ts.tv_nsec);
}

/* The longest time to sleep before the next mpr_patience_left(), for poll(). */
static inline int mpr_patience_slice_ms(const struct mpr_patience *patience)
{
	const int64_t left_ms = patience->left_ns > 0 ? (patience->left_ns + 999999) / 1000000 : 0;

	return left_ms < MPR_PATIENCE_SLICE_MS ? (int)left_ms : MPR_PATIENCE_SLICE_MS;
}

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A spin lock, held for some nanoseconds to put a request into a ring. It takes one
 * locked instruction, a mutex two. A waiter spins for a while, then sleeps, in case the
 * holder was preempted. Not recursive, not fair.
 */
#ifndef MPR_PROXY_CLAIM_H
#define MPR_PROXY_CLAIM_H

#include <stdbool.h>
#include <time.h>

struct mpr_claim {
	bool held; /* zero: free */
};

/* Spins on a load, which leaves the line to the holder. Then sleeps: sched_yield() in a
 * thread of higher real-time priority would not let the holder run. */
static inline void mpr_claim_wait(const struct mpr_claim *claim)
{
	const struct timespec pause = {.tv_nsec = 20000};

	for (int i = 0; i < 1000; i++) {
		/* Relaxed: ordered by the exchange in mpr_claim_take(). */
		if (!__atomic_load_n(&claim->held, __ATOMIC_RELAXED))
			return;
#if defined(__x86_64__)
		__builtin_ia32_pause();
#endif
	}
	nanosleep(&pause, NULL);
}

static inline void mpr_claim_take(struct mpr_claim *claim)
{
	/* Acquire: pairs with mpr_claim_leave(). */
	while (__atomic_exchange_n(&claim->held, true, __ATOMIC_ACQUIRE))
		mpr_claim_wait(claim);
}

static inline void mpr_claim_leave(struct mpr_claim *claim)
{
	/* Release: what was done under the claim is seen by the next holder. */
	__atomic_store_n(&claim->held, false, __ATOMIC_RELEASE);
}

#endif

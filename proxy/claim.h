/* SPDX-License-Identifier: MIT */
/*
 * A lock that is held for some nanoseconds: to put a request into a ring. One
 * locked instruction, where a mutex makes two; whoever finds it held spins, and
 * lets the holder run if that has been preempted. Not recursive, not fair.
 */
#ifndef MPR_PROXY_CLAIM_H
#define MPR_PROXY_CLAIM_H

#include <stdbool.h>
#include <time.h>

struct mpr_claim {
	bool held; /* zero: free */
};

/* Looks without writing, so that the holder keeps the line; sleeps, and does not
 * yield, because a waiter of higher real-time priority would yield to nobody. */
static inline void mpr_claim_wait(const struct mpr_claim *claim)
{
	const struct timespec pause = {.tv_nsec = 20000};

	for (int i = 0; i < 1000; i++) {
		/* Relaxed: the exchange in mpr_claim_take() is what orders. */
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

/* SPDX-License-Identifier: MIT */
/*
 * Sleeping and waking without losing a wake-up, and without a system call for
 * a peer that is awake. Both directions are the same argument: the sleeper
 * says that it sleeps and then looks once more; the waker stores and then
 * looks whether anybody sleeps. Each must do its two steps in that order, as
 * seen by the other, or both look too early and a wake-up is lost.
 * docs/memory-order.md proves it, tests/ring/doorbell.pml checks it.
 *
 *   remote sleeps                       proxy wakes
 *   armed := 1                          slot := request
 *   -- everybody's barrier --  [D1]     -- nothing, or a fence --
 *   slot has a request?                 armed = 1? take it, ring the bell
 *
 *   proxy's thread sleeps               remote wakes
 *   sleepers += 1                       slot := answer
 *   -- fence --                [D2]     -- fence --
 *   futex: slot has no answer?          sleepers > 0? futex wake
 *
 * The processor may delay a store past a later load, so the order needs a full
 * barrier on both sides. The proxy would pay for it with every posted write
 * (the fence waits until the slot's line has come over from the remote's
 * cache), so the remote pays for both: before it sleeps it asks the kernel
 * (membarrier) to run a barrier on every processor on which the proxy runs.
 * Where the kernel cannot, the proxy fences.
 */
#ifndef MPR_RING_DOORBELL_H
#define MPR_RING_DOORBELL_H

#include <assert.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Full barrier: stores before it are visible before loads after it are made. */
static inline void mpr_fence(void)
{
#if defined(__SANITIZE_THREAD__)
	/* ThreadSanitizer knows no fences; the locked instruction is one. */
	uint32_t word = 0;

	__atomic_fetch_add(&word, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline int mpr_membarrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

/* Whether mpr_barrier_all() works here. */
static inline bool mpr_barrier_supported(void)
{
	int commands = mpr_membarrier(MEMBARRIER_CMD_QUERY);

	return commands >= 0 && (commands & MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

/* Lets this process be reached by others' mpr_barrier_all(). */
static inline bool mpr_barrier_register(void)
{
	return mpr_barrier_supported() &&
	       mpr_membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0;
}

/* A full barrier here and on every processor that runs a registered process. */
static inline void mpr_barrier_all(void)
{
	mpr_membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

/* ---- The remote's bell ------------------------------------------------ */

/* The remote says that it sleeps, and makes that visible to the proxy before
 * it looks once more. */
static inline void mpr_doorbell_arm(uint32_t *armed, bool barrier_all)
{
	/* [D1] Pairs with the load in mpr_doorbell_take(). */
	__atomic_store_n(armed, 1, __ATOMIC_RELAXED);
	if (barrier_all)
		mpr_barrier_all();
	else
		mpr_fence();
}

/* The remote is awake. */
static inline void mpr_doorbell_disarm(uint32_t *armed)
{
	/* Relaxed: who sees it late rings for nothing. */
	__atomic_store_n(armed, 0, __ATOMIC_RELAXED);
}

/* The proxy, after it stored a request. True: the remote sleeps and it is for
 * the caller, and nobody else, to ring. */
static inline bool mpr_doorbell_take(uint32_t *armed, bool fence)
{
	if (fence)
		mpr_fence();
	else
		/* The compiler keeps the order; mpr_barrier_all() in
		 * mpr_doorbell_arm() stands for the processor's fence. */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* [D1] Pairs with the store in mpr_doorbell_arm(): whoever is second to
	 * look sees the other's store. */
	if (__atomic_load_n(armed, __ATOMIC_RELAXED) == 0)
		return false;
	/* Exchange: of several looks only one rings. */
	return __atomic_exchange_n(armed, 0, __ATOMIC_RELAXED) != 0;
}

/* ---- The proxy's futex ------------------------------------------------ */

/* The low half of a 64-bit word, which is what a futex can look at. */
static inline uint32_t *mpr_futex_word(uint64_t *word)
{
	static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half comes first");
	return (uint32_t *)(void *)word;
}

/*
 * Sleeps while the low half of *word is that of `value`, until woken or for
 * timeout_ns. `sleepers` counts the threads in here. Returns for no reason, too.
 */
static inline void mpr_futex_sleep(uint32_t *sleepers, uint64_t *word, uint64_t value,
				   uint64_t timeout_ns)
{
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
				   .tv_nsec = (long)(timeout_ns % 1000000000u)};

	/* [D2] With the fence before the kernel's look at the word: pairs with
	 * the load in mpr_futex_wake_sleepers(). */
	__atomic_fetch_add(sleepers, 1, __ATOMIC_RELAXED);
	mpr_fence();
	syscall(SYS_futex, mpr_futex_word(word), FUTEX_WAIT, (uint32_t)value, &timeout, NULL, 0);
	/* Relaxed: too high for a moment costs one needless system call. */
	__atomic_fetch_sub(sleepers, 1, __ATOMIC_RELAXED);
}

/* After *word was changed. True: a thread was asleep on it and is awake now. */
static inline bool mpr_futex_wake_sleepers(uint32_t *sleepers, uint64_t *word)
{
	mpr_fence();
	/* [D2] Pairs with the addition in mpr_futex_sleep(): either it is seen
	 * here, or the sleeper sees the changed word and does not sleep. */
	if (__atomic_load_n(sleepers, __ATOMIC_RELAXED) == 0)
		return false;
	return syscall(SYS_futex, mpr_futex_word(word), FUTEX_WAKE, 1, NULL, NULL, 0) > 0;
}

#endif

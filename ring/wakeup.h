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
 *   bell := ARMED                       slot := request
 *   -- fence --                [D1]     -- fence --
 *   slot has a request?                 bell = ARMED? take it and ring
 *
 *   proxy's thread sleeps               remote wakes
 *   sleepers += 1                       slot := answer
 *   -- fence --                [D2]     -- fence --
 *   futex: slot has no answer?          sleepers > 0? futex wake
 *
 *   remote wakes                        proxy need not wake it
 *   bell := FENCED                      slot := request
 *   -- fence --                [D5]     -- fence --
 *   slot has a request?                 bell = ARMED: leave it there
 *
 *   device completes something          guest takes the interrupt back
 *   memory := completion                slot := request
 *   -- fence --                [D6]     -- fence --
 *   slot has a request?                 memory has the completion?
 *
 *   proxy leaves the interrupt line     remote raises it
 *   watch := ARMED                      line := 1
 *   -- fence --                [D4]     -- fence --
 *   line is high?                       watch = ARMED? take it and tell
 *
 * The processor may delay a store past a later load, so each fence is a full
 * barrier. The proxy's costs much: it waits until the slot's line has come
 * over from the remote's cache. So while the remote is busy it spares the
 * proxy the fence: bell = FAST. To sleep from there it must do the proxy's part
 * too, with membarrier, which runs a barrier on every processor where the
 * proxy runs [D3]. That interrupts them and costs microseconds, so a remote
 * that has slept leaves the bell at FENCED, where either side fences for
 * itself, and goes back to FAST only after MPR_BELL_BUSY requests without
 * sleep, when the fences have cost about as much as a membarrier.
 */
#ifndef MPR_RING_WAKEUP_H
#define MPR_RING_WAKEUP_H

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

enum mpr_bell {
	MPR_BELL_FAST = 0,   /* the remote is awake, the proxy need not fence */
	MPR_BELL_FENCED = 1, /* the remote is awake, the proxy fences */
	MPR_BELL_ARMED = 2   /* the remote sleeps or is about to: ring */
};

#define MPR_BELL_BUSY 256u

/* The remote says that it sleeps, and makes that visible to the proxy before
 * it looks once more. `fast`: the bell was FAST. */
static inline void mpr_bell_arm(uint32_t *bell, bool fast)
{
	/* [D1] Pairs with the loads in mpr_bell_asleep(). Release: who sees it
	 * sees what the remote did before it slept. */
	__atomic_store_n(bell, MPR_BELL_ARMED, __ATOMIC_RELEASE);
	if (fast)
		mpr_barrier_all(); /* [D3] */
	else
		mpr_fence();
}

/* The remote is awake, and will look for requests before it does anything else. */
static inline void mpr_bell_disarm(uint32_t *bell)
{
	/* Relaxed: who sees it late rings for nothing. [D5] With the fence: who saw
	 * ARMED after it stored a request has that request seen. */
	__atomic_store_n(bell, MPR_BELL_FENCED, __ATOMIC_RELAXED);
	mpr_fence();
}

/* The remote, awake, spares the proxy the fence; its next arming is `fast`. */
static inline void mpr_bell_hurry(uint32_t *bell)
{
	/* Relaxed: who sees it late fences for nothing. */
	__atomic_store_n(bell, MPR_BELL_FAST, __ATOMIC_RELAXED);
}

/* The proxy, after it stored a request. True: the remote sleeps. If it wakes it
 * finds the request first. */
static inline bool mpr_bell_asleep(const uint32_t *bell)
{
	/* [D3] The compiler keeps the order of store and load; for the processor
	 * the remote's mpr_barrier_all() does when it leaves FAST. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(bell, __ATOMIC_RELAXED) == MPR_BELL_FAST)
		return false;
	mpr_fence();
	/* [D1] Pairs with the store in mpr_bell_arm(): whoever is second to
	 * look sees the other's store. [D5] And with mpr_bell_disarm(). */
	return __atomic_load_n(bell, __ATOMIC_ACQUIRE) == MPR_BELL_ARMED;
}

/* After that: true when it is for the caller, and nobody else, to ring. */
static inline bool mpr_bell_take(uint32_t *bell)
{
	uint32_t armed = MPR_BELL_ARMED;

	/* Compare and swap: of several looks only one rings. */
	return __atomic_compare_exchange_n(bell, &armed, MPR_BELL_FENCED, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

/* ---- The proxy's watch over the interrupt line ------------------------- */

enum mpr_intx_watch {
	MPR_WATCH_NONE = 0,    /* nobody looks at the line: tell every change */
	MPR_WATCH_ARMED = 1,   /* nobody looks now: tell the next rise */
	MPR_WATCH_LOOKING = 2, /* somebody looks, or has been told to: tell nothing */
	MPR_WATCH_SOON = 3,    /* somebody will look soon: tell the next rise if it lasts */
};

/* The proxy stops looking, and makes that visible to the remote before it looks
 * once more. `soon`: it will look again by itself. */
static inline void mpr_intx_watch_arm(uint32_t *watch, bool soon)
{
	/* [D4] Pairs with the loads in mpr_intx_watch_take(). */
	__atomic_store_n(watch, soon ? MPR_WATCH_SOON : MPR_WATCH_ARMED, __ATOMIC_RELAXED);
	mpr_fence();
}

/* The proxy looks from now on. */
static inline void mpr_intx_watch_look(uint32_t *watch)
{
	/* Relaxed: a remote that sees it late tells for nothing. */
	__atomic_store_n(watch, MPR_WATCH_LOOKING, __ATOMIC_RELAXED);
}

/* The remote, after it published the line's new level: enum mpr_intx_watch, or
 * whatever a hostile proxy wrote. */
static inline uint32_t mpr_intx_watch_seen(const uint32_t *watch)
{
	mpr_fence();
	/* [D4] Pairs with the store in mpr_intx_watch_arm(): whoever is second to look
	 * sees the other's store. */
	return __atomic_load_n(watch, __ATOMIC_RELAXED);
}

/* After that: true when the proxy is to be told, which happens once until it arms
 * again. */
static inline bool mpr_intx_watch_take(uint32_t *watch, uint32_t seen)
{
	/* Compare and swap: who has changed it meanwhile looks after that. */
	return __atomic_compare_exchange_n(watch, &seen, MPR_WATCH_LOOKING, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
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

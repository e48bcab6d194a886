/* SPDX-License-Identifier: MIT */
/*
 * Sleeping and waking without losing a wake-up, and without a system call for
 * a peer that is awake. All five protocols are store buffering (Dekker's pattern): each
 * side stores its own word and then loads the other's. Without a full barrier between
 * the two both loads may come too early, and a wake-up is lost.
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
 *   device completes something          guest acknowledges the interrupt
 *   memory := completion                slot := request
 *   -- fence --                [D6]     -- fence --
 *   slot has a request?                 memory has the completion?
 *
 *   proxy stops polling the line        remote raises it
 *   watch := ARMED                      line := 1
 *   -- fence --                [D4]     -- fence --
 *   line is high?                       watch = ARMED? take it and tell
 *
 * The proxy's fence of D1 is expensive: it drains the store buffer, and so waits until
 * the slot's line has come from the remote's cache. A busy remote spares it that: bell =
 * FAST. To sleep from there the remote executes the proxy's barrier for it, by membarrier,
 * which runs one on every processor where the proxy runs [D3]. That interrupts them and
 * takes microseconds. So a remote that has slept leaves the bell at FENCED, where each
 * side fences for itself, and returns to FAST only after MPR_BELL_BUSY requests without a
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
	/* ThreadSanitizer does not model fences; a locked instruction is one, too. */
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
	MPR_BELL_FAST = 0,   /* the remote is awake; the proxy need not fence */
	MPR_BELL_FENCED = 1, /* the remote is awake; the proxy fences */
	MPR_BELL_ARMED = 2   /* the remote sleeps or is about to: ring */
};

#define MPR_BELL_BUSY 256u

/* The remote is about to sleep. Then it must look for requests once more. `fast`: the
 * bell was FAST. */
static inline void mpr_bell_arm(uint32_t *bell, bool fast)
{
	/* [D1] Pairs with the loads in mpr_bell_asleep(). Release: a proxy that sees it
	 * sees what the remote did before. */
	__atomic_store_n(bell, MPR_BELL_ARMED, __ATOMIC_RELEASE);
	if (fast)
		mpr_barrier_all(); /* [D3] */
	else
		mpr_fence();
}

/* The remote is awake. Then it must look for requests before it does anything else. */
static inline void mpr_bell_disarm(uint32_t *bell)
{
	/* Relaxed: a proxy that sees it late rings in vain. [D5] With the fence: if the
	 * proxy saw ARMED after it stored a request, the remote sees that request. */
	__atomic_store_n(bell, MPR_BELL_FENCED, __ATOMIC_RELAXED);
	mpr_fence();
}

/* The remote spares the proxy the fence; its next arming is `fast`. */
static inline void mpr_bell_hurry(uint32_t *bell)
{
	/* Relaxed: a proxy that sees it late fences in vain. */
	__atomic_store_n(bell, MPR_BELL_FAST, __ATOMIC_RELAXED);
}

/* The proxy, after it stored a request. True: the remote sleeps, and will find the
 * request before it does anything else. */
static inline bool mpr_bell_asleep(const uint32_t *bell)
{
	/* [D3] Keeps the compiler from moving the load before the store. The processor's
	 * barrier is the remote's mpr_barrier_all(), when it leaves FAST. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(bell, __ATOMIC_RELAXED) == MPR_BELL_FAST)
		return false;
	mpr_fence();
	/* [D1] Pairs with the store in mpr_bell_arm(): the later of the two loads sees
	 * the other side's store. [D5] And with mpr_bell_disarm(). */
	return __atomic_load_n(bell, __ATOMIC_ACQUIRE) == MPR_BELL_ARMED;
}

/* After that: true if the caller, and nobody else, has to ring. */
static inline bool mpr_bell_take(uint32_t *bell)
{
	uint32_t armed = MPR_BELL_ARMED;

	/* Compare and swap: of several callers only one rings. */
	return __atomic_compare_exchange_n(bell, &armed, MPR_BELL_FENCED, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

/* ---- The proxy's watch over the interrupt line ------------------------- */

enum mpr_intx_watch {
	MPR_WATCH_NONE = 0,    /* notify every change */
	MPR_WATCH_ARMED = 1,   /* notify the next rise */
	MPR_WATCH_LOOKING = 2, /* the proxy polls, or was notified: notify nothing */
	MPR_WATCH_SOON = 3,    /* the proxy will look soon: notify the next rise if it lasts */
};

/* The proxy stops polling. Then it must look at the line once more. `soon`: it will look
 * again by itself. */
static inline void mpr_intx_watch_arm(uint32_t *watch, bool soon)
{
	/* [D4] Pairs with the loads in mpr_intx_watch_take(). */
	__atomic_store_n(watch, soon ? MPR_WATCH_SOON : MPR_WATCH_ARMED, __ATOMIC_RELAXED);
	mpr_fence();
}

/* The proxy polls from now on. */
static inline void mpr_intx_watch_look(uint32_t *watch)
{
	/* Relaxed: a remote that sees it late notifies in vain. */
	__atomic_store_n(watch, MPR_WATCH_LOOKING, __ATOMIC_RELAXED);
}

/* The remote, after it published the line's new level: enum mpr_intx_watch, or
 * whatever a hostile proxy wrote. */
static inline uint32_t mpr_intx_watch_seen(const uint32_t *watch)
{
	mpr_fence();
	/* [D4] Pairs with the store in mpr_intx_watch_arm(): the later of the two loads
	 * sees the other side's store. */
	return __atomic_load_n(watch, __ATOMIC_RELAXED);
}

/* After that: true if the proxy has to be notified, which happens once until it arms
 * again. */
static inline bool mpr_intx_watch_take(uint32_t *watch, uint32_t seen)
{
	/* Compare and swap: if the proxy changed it meanwhile, it looks after that. */
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
 * Sleeps while the low half of *word is that of `value`, until woken or for timeout_ns.
 * `sleepers` counts the threads in here. May also return spuriously.
 */
static inline void mpr_futex_sleep(uint32_t *sleepers, uint64_t *word, uint64_t value,
				   uint64_t timeout_ns)
{
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
				   .tv_nsec = (long)(timeout_ns % 1000000000u)};

	/* [D2] With the fence before the kernel loads the word: pairs with the load in
	 * mpr_futex_wake_sleepers(). */
	__atomic_fetch_add(sleepers, 1, __ATOMIC_RELAXED);
	mpr_fence();
	syscall(SYS_futex, mpr_futex_word(word), FUTEX_WAIT, (uint32_t)value, &timeout, NULL, 0);
	/* Relaxed: a count that is too high for a moment costs one needless system call. */
	__atomic_fetch_sub(sleepers, 1, __ATOMIC_RELAXED);
}

/* After *word was changed. True: a thread was asleep on it and is awake now. */
static inline bool mpr_futex_wake_sleepers(uint32_t *sleepers, uint64_t *word)
{
	mpr_fence();
	/* [D2] Pairs with the addition in mpr_futex_sleep(): either it is seen here, or
	 * the kernel sees the changed word and the sleeper does not sleep. */
	if (__atomic_load_n(sleepers, __ATOMIC_RELAXED) == 0)
		return false;
	return syscall(SYS_futex, mpr_futex_word(word), FUTEX_WAKE, 1, NULL, NULL, 0) > 0;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The loops that measure one way of moving messages between two processes, for
 * messages of each size: compiled into every peer's file, so that its calls are
 * inlined with a size that the compiler knows. C and C++.
 *
 * A peer's file defines, before it includes bench/peers/table.h as its last line:
 *
 *   PEER_EXPORT                the struct bench_peer that this makes
 *   PEER_NAME, PEER_WHAT       in the measures' names, and for readers
 *   struct peer_end            one process' side
 *   PEER_BATCHES               1 if it has calls for many messages at once
 *   PEER_DIVISOR               takes so many times fewer samples: it is slow
 *   PEER_OPS(size)             which defines, for messages of `size` bytes,
 *     int prepare_SIZE(pair)             before the peer is forked
 *     int open_SIZE(end, pair, first)    in both processes; `first` measures
 *     void close_SIZE(end)
 *     bool push_SIZE(end, message)       copies one message in; false: full
 *     bool pop_SIZE(end, message)        copies one out; false: empty
 *     size_t push_n_SIZE(end, messages, n), pop_n_SIZE(end, messages, n)
 *                                        0 to n of them; if PEER_BATCHES
 *
 * A blocking peer waits inside push and pop; they always return true.
 */
#ifndef MPR_BENCH_PEERS_LOOPS_H
#define MPR_BENCH_PEERS_LOOPS_H

#include <errno.h>
#include <string.h>

#include "bench/measures.h"
#include "bench/peers/peers.h"

#define PEER_SIZES(APPLY) APPLY(8) APPLY(56) APPLY(64) APPLY(256) APPLY(1024) APPLY(4096)

/* A ring for messages of a size holds so many of them: 256 KiB at most. */
#define PEER_SLOTS(size) ((size) <= 256 ? 1024 : 262144 / (size))

#define PEER_BATCH 32u
#define PEER_WARM_UP 1000u
#define PEER_LAST UINT64_MAX /* the first word of the message that ends a measure */

/* A stream's messages are made beforehand: storing one by words and copying it by vectors
 * defeats store forwarding and would measure the processor's store buffer, not the ring. So
 * numbers repeat, with a prime period that divides no ring's size: a lost, doubled or torn
 * message still shows. */
#define PEER_PERIOD 61u

/* The first and the last word of a message carry its number. */
#define PEER_MESSAGE(SIZE)                                                                      \
	struct message_##SIZE {                                                                 \
		uint64_t word[SIZE / 8];                                                        \
	};                                                                                      \
	static inline void number_##SIZE(struct message_##SIZE *message, uint64_t n)            \
	{                                                                                       \
		message->word[0] = n;                                                           \
		message->word[SIZE / 8 - 1] = n;                                                \
	}                                                                                       \
	static inline uint64_t differs_##SIZE(const struct message_##SIZE *message, uint64_t n) \
	{                                                                                       \
		return (message->word[0] ^ n) | (message->word[SIZE / 8 - 1] ^ n);              \
	}

#define PEER_TRIP(SIZE)                                                                   \
	static void answer_trip_##SIZE(void *opaque)                                      \
	{                                                                                 \
		struct peer_end end;                                                      \
		struct message_##SIZE message;                                            \
		if (open_##SIZE(&end, (struct bench_pair *)opaque, false) < 0)            \
			return;                                                           \
		do {                                                                      \
			while (!pop_##SIZE(&end, &message))                               \
				;                                                         \
			while (!push_##SIZE(&end, &message))                              \
				;                                                         \
		} while (message.word[0] != PEER_LAST);                                   \
		close_##SIZE(&end);                                                       \
	}                                                                                 \
	static void trip_##SIZE(struct peer_end *end, struct message_##SIZE *message)     \
	{                                                                                 \
		while (!push_##SIZE(end, message))                                        \
			;                                                                 \
		while (!pop_##SIZE(end, message))                                         \
			;                                                                 \
	}                                                                                 \
	static int run_trip_##SIZE(struct bench_run *run)                                 \
	{                                                                                 \
		struct peer_end end;                                                      \
		struct message_##SIZE message;                                            \
		uint64_t wrong = 0;                                                       \
		int err = prepare_##SIZE(run->pair);                                      \
		memset(&message, 0, sizeof(message));                                     \
		if (!err)                                                                 \
			err = bench_peer_start(run->pair, answer_trip_##SIZE, run->pair); \
		if (!err)                                                                 \
			err = open_##SIZE(&end, run->pair, true);                         \
		if (err)                                                                  \
			return err;                                                       \
		for (size_t i = 0; i < PEER_WARM_UP + run->count; i++) {                  \
			uint64_t start = bench_ticks();                                   \
			number_##SIZE(&message, i);                                       \
			trip_##SIZE(&end, &message);                                      \
			if (i >= PEER_WARM_UP)                                            \
				run->samples[i - PEER_WARM_UP] =                          \
					(uint32_t)(bench_ticks() - start);                \
			wrong |= differs_##SIZE(&message, i);                             \
		}                                                                         \
		number_##SIZE(&message, PEER_LAST);                                       \
		trip_##SIZE(&end, &message);                                              \
		bench_peer_stop(run->pair);                                               \
		close_##SIZE(&end);                                                       \
		return wrong ? -EIO : 0;                                                  \
	}

/* The consumer says how many messages it had when the last one has come, or
 * that one was wrong. Relaxed, here and below: the word is all there is. */
#define PEER_REPORT(pair, wrong, expected)                                             \
	__atomic_store_n(&(pair)->shared->pong.word, (wrong) ? PEER_LAST : (expected), \
			 __ATOMIC_RELAXED)

/* The other end of PEER_REPORT(). */
static inline int peer_await_report(struct bench_run *run, uint64_t start)
{
	uint64_t *done = &run->pair->shared->pong.word, got;

	while (!(got = __atomic_load_n(done, __ATOMIC_RELAXED)))
		;
	run->total = (double)(bench_ticks() - start);
	return got == run->count ? 0 : -EIO;
}

/* What a stream's consumer has seen. */
struct peer_tally {
	uint64_t got, expected, wrong;
};

#define PEER_POOL(SIZE)                                                                         \
	/* Any PEER_BATCH from one of the first PEER_PERIOD on have consecutive numbers. */     \
	static struct message_##SIZE pool_##SIZE[PEER_PERIOD + PEER_BATCH];                     \
	/* Takes one message into account. False: it is the one after the last. */              \
	static inline bool count_##SIZE(struct peer_tally *tally,                               \
					const struct message_##SIZE *message)                   \
	{                                                                                       \
		if (message->word[0] == PEER_LAST)                                              \
			return false;                                                           \
		tally->got++;                                                                   \
		tally->wrong |= differs_##SIZE(message, tally->expected);                       \
		tally->expected = tally->expected == PEER_PERIOD - 1 ? 0 : tally->expected + 1; \
		return true;                                                                    \
	}                                                                                       \
	/* Both processes are there when this returns 0. */                                     \
	static int begin_##SIZE(struct bench_run *run, struct peer_end *end,                    \
				void (*answer)(void *opaque), uint64_t *start)                  \
	{                                                                                       \
		int err = prepare_##SIZE(run->pair);                                            \
		if (!err)                                                                       \
			err = bench_peer_start(run->pair, answer, run->pair);                   \
		if (!err)                                                                       \
			err = open_##SIZE(end, run->pair, true);                                \
		for (size_t i = 0; i < PEER_PERIOD + PEER_BATCH; i++)                           \
			number_##SIZE(&pool_##SIZE[i], i % PEER_PERIOD);                        \
		*start = bench_ticks();                                                         \
		return err;                                                                     \
	}                                                                                       \
	static int finish_##SIZE(struct bench_run *run, struct peer_end *end, uint64_t start)   \
	{                                                                                       \
		struct message_##SIZE message;                                                  \
		int err;                                                                        \
		memset(&message, 0, sizeof(message));                                           \
		number_##SIZE(&message, PEER_LAST);                                             \
		while (!push_##SIZE(end, &message))                                             \
			bench_relax();                                                          \
		err = peer_await_report(run, start);                                            \
		bench_peer_stop(run->pair);                                                     \
		close_##SIZE(end);                                                              \
		return err;                                                                     \
	}

#define PEER_STREAM(SIZE)                                                        \
	static void answer_stream_##SIZE(void *opaque)                           \
	{                                                                        \
		struct bench_pair *pair = (struct bench_pair *)opaque;           \
		struct peer_tally tally = {0, 0, 0};                             \
		struct peer_end end;                                             \
		struct message_##SIZE message;                                   \
		if (open_##SIZE(&end, pair, false) < 0)                          \
			return;                                                  \
		do {                                                             \
			while (!pop_##SIZE(&end, &message))                      \
				bench_relax();                                   \
		} while (count_##SIZE(&tally, &message));                        \
		PEER_REPORT(pair, tally.wrong, tally.got);                       \
		close_##SIZE(&end);                                              \
	}                                                                        \
	static int run_stream_##SIZE(struct bench_run *run)                      \
	{                                                                        \
		struct peer_end end;                                             \
		uint64_t start;                                                  \
		int err = begin_##SIZE(run, &end, answer_stream_##SIZE, &start); \
		if (err)                                                         \
			return err;                                              \
		for (size_t i = 0, k = 0; i < run->count; i++) {                 \
			while (!push_##SIZE(&end, &pool_##SIZE[k]))              \
				bench_relax();                                   \
			k = k == PEER_PERIOD - 1 ? 0 : k + 1;                    \
		}                                                                \
		return finish_##SIZE(run, &end, start);                          \
	}

#define PEER_BATCHED(SIZE)                                                             \
	static void answer_batch_##SIZE(void *opaque)                                  \
	{                                                                              \
		static struct message_##SIZE batch[PEER_BATCH];                        \
		struct bench_pair *pair = (struct bench_pair *)opaque;                 \
		struct peer_tally tally = {0, 0, 0};                                   \
		struct peer_end end;                                                   \
		bool more = true;                                                      \
		if (open_##SIZE(&end, pair, false) < 0)                                \
			return;                                                        \
		while (more) {                                                         \
			size_t n = pop_n_##SIZE(&end, batch, PEER_BATCH);              \
			if (n < PEER_BATCH)                                            \
				bench_relax();                                         \
			for (size_t i = 0; i < n && more; i++)                         \
				more = count_##SIZE(&tally, &batch[i]);                \
		}                                                                      \
		PEER_REPORT(pair, tally.wrong, tally.got);                             \
		close_##SIZE(&end);                                                    \
	}                                                                              \
	static int run_batch_##SIZE(struct bench_run *run)                             \
	{                                                                              \
		struct peer_end end;                                                   \
		uint64_t start;                                                        \
		int err = begin_##SIZE(run, &end, answer_batch_##SIZE, &start);        \
		if (err)                                                               \
			return err;                                                    \
		for (size_t i = 0, k = 0, n; i < run->count; i += n) {                 \
			n = run->count - i < PEER_BATCH ? run->count - i : PEER_BATCH; \
			n = push_n_##SIZE(&end, &pool_##SIZE[k], n);                   \
			if (n < PEER_BATCH)                                            \
				bench_relax();                                         \
			k += n;                                                        \
			k = k >= PEER_PERIOD ? k - PEER_PERIOD : k;                    \
		}                                                                      \
		return finish_##SIZE(run, &end, start);                                \
	}

#define PEER_FEWER(SIZE) (PEER_DIVISOR * ((SIZE) >= 1024 ? 8 : 1))

#define PEER_ROWS(SIZE)                                                                       \
	{PEER_NAME "-trip-" #SIZE, PEER_WHAT ", " #SIZE " bytes: there and back", false,      \
	 PEER_DIVISOR, run_trip_##SIZE},                                                      \
		{PEER_NAME "-stream-" #SIZE, PEER_WHAT ", " #SIZE " bytes: one by one", true, \
		 PEER_FEWER(SIZE), run_stream_##SIZE},
#define PEER_BATCH_ROW(SIZE)                                                            \
	{PEER_NAME "-batch-" #SIZE, PEER_WHAT ", " #SIZE " bytes: batches of 32", true, \
	 PEER_FEWER(SIZE), run_batch_##SIZE},

#endif

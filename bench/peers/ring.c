/* SPDX-License-Identifier: MIT */
/* The ring itself; a message of more than 56 bytes takes several slots. */
#define PEER_EXPORT bench_peer_ring
#define PEER_NAME "mpring"
#define PEER_WHAT "mpring SPSC ring"
#define PEER_BATCHES 1
#define PEER_DIVISOR 1

#include "bench/peers/loops.h"
#include "ring/spsc.h"

#define SLOTS 4096u

struct peer_end {
	struct mpr_spsc_producer out;
	struct mpr_spsc_consumer in;
};

static void *ring_of(struct bench_pair *pair, bool second)
{
	return pair->shared->rings + (second ? mpr_spsc_size(SLOTS) : 0);
}

static int prepare(struct bench_pair *pair)
{
	mpr_spsc_format(ring_of(pair, false), SLOTS, 0);
	mpr_spsc_format(ring_of(pair, true), SLOTS, 0);
	return 0;
}

static int open_end(struct peer_end *end, struct bench_pair *pair, bool first)
{
	mpr_spsc_producer_init(&end->out, ring_of(pair, !first), SLOTS, 0);
	mpr_spsc_consumer_init(&end->in, ring_of(pair, first), SLOTS, 0);
	return 0;
}

/* The bytes of slot number `i` of a message. */
#define PART(size, i) ((size) - (i)*56u < 56u ? (size) - (i)*56u : 56u)

static inline __attribute__((always_inline)) bool push(struct peer_end *end, const void *message,
						       size_t size)
{
	size_t slots = (size + 55) / 56;

	if (mpr_spsc_room(&end->out, slots) < slots)
		return false;
	for (size_t i = 0; i < slots; i++) {
		memcpy(mpr_spsc_reserve(&end->out), (const uint8_t *)message + 56 * i,
		       PART(size, i));
		mpr_spsc_commit(&end->out);
	}
	return true;
}

static inline __attribute__((always_inline)) bool pop(struct peer_end *end, void *message,
						      size_t size)
{
	const void *payload = mpr_spsc_peek(&end->in);

	if (!payload)
		return false;
	for (size_t i = 0;;) {
		memcpy((uint8_t *)message + 56 * i, payload, PART(size, i));
		mpr_spsc_release(&end->in);
		if (++i * 56 >= size)
			return true;
		while (!(payload = mpr_spsc_peek(&end->in)))
			;
	}
}

#define PEER_OPS(SIZE)                                                                             \
	static int prepare_##SIZE(struct bench_pair *pair)                                         \
	{                                                                                          \
		return prepare(pair);                                                              \
	}                                                                                          \
	static int open_##SIZE(struct peer_end *end, struct bench_pair *pair, bool first)          \
	{                                                                                          \
		return open_end(end, pair, first);                                                 \
	}                                                                                          \
	static void close_##SIZE(struct peer_end *end)                                             \
	{                                                                                          \
		(void)end;                                                                         \
	}                                                                                          \
	static inline bool push_##SIZE(struct peer_end *end, const struct message_##SIZE *message) \
	{                                                                                          \
		return push(end, message, SIZE);                                                   \
	}                                                                                          \
	static inline bool pop_##SIZE(struct peer_end *end, struct message_##SIZE *message)        \
	{                                                                                          \
		return pop(end, message, SIZE);                                                    \
	}                                                                                          \
	static inline size_t push_n_##SIZE(struct peer_end *end,                                   \
					   const struct message_##SIZE *messages, size_t n)        \
	{                                                                                          \
		size_t i = 0;                                                                      \
		if (SIZE == MPR_SPSC_PAYLOAD)                                                      \
			return mpr_spsc_push_n(&end->out, messages, n);                            \
		while (i < n && push(end, &messages[i], SIZE))                                     \
			i++;                                                                       \
		return i;                                                                          \
	}                                                                                          \
	static inline size_t pop_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages,   \
					  size_t n)                                                \
	{                                                                                          \
		size_t i = 0;                                                                      \
		if (SIZE == MPR_SPSC_PAYLOAD)                                                      \
			return mpr_spsc_pop_n(&end->in, messages, n);                              \
		while (i < n && pop(end, &messages[i], SIZE))                                      \
			i++;                                                                       \
		return i;                                                                          \
	}

#include "bench/peers/table.h"

/* SPDX-License-Identifier: MIT */
/* DPDK's rte_ring with elements of the message's size, one producer and one
 * consumer, in memory of our own: its environment layer is not needed. */
#define PEER_EXPORT bench_peer_rte_ring
#define PEER_NAME "rte_ring"
#define PEER_WHAT "DPDK rte_ring"
#define PEER_BATCHES 1
#define PEER_DIVISOR 1

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "bench/peers/loops.h"

struct peer_end {
	struct rte_ring *out, *in;
};

static size_t ring_bytes(unsigned size, unsigned slots)
{
	return ((size_t)rte_ring_get_memsize_elem(size, slots) + 127) & ~(size_t)127;
}

static struct rte_ring *ring_of(struct bench_pair *pair, size_t bytes, bool second)
{
	return (struct rte_ring *)(pair->shared->rings + (second ? bytes : 0));
}

static int prepare(struct bench_pair *pair, unsigned size, unsigned slots)
{
	const unsigned flags = RING_F_SP_ENQ | RING_F_SC_DEQ;
	size_t bytes = ring_bytes(size, slots);
	int err = rte_ring_init(ring_of(pair, bytes, false), "out", slots, flags);

	return err ? err : rte_ring_init(ring_of(pair, bytes, true), "in", slots, flags);
}

#define PEER_OPS(SIZE)                                                                             \
	static int prepare_##SIZE(struct bench_pair *pair)                                         \
	{                                                                                          \
		return prepare(pair, SIZE, PEER_SLOTS(SIZE));                                      \
	}                                                                                          \
	static int open_##SIZE(struct peer_end *end, struct bench_pair *pair, bool first)          \
	{                                                                                          \
		size_t bytes = ring_bytes(SIZE, PEER_SLOTS(SIZE));                                 \
		end->out = ring_of(pair, bytes, !first);                                           \
		end->in = ring_of(pair, bytes, first);                                             \
		return 0;                                                                          \
	}                                                                                          \
	static void close_##SIZE(struct peer_end *end)                                             \
	{                                                                                          \
		(void)end;                                                                         \
	}                                                                                          \
	static inline bool push_##SIZE(struct peer_end *end, struct message_##SIZE *message)       \
	{                                                                                          \
		return rte_ring_sp_enqueue_elem(end->out, message, SIZE) == 0;                     \
	}                                                                                          \
	static inline bool pop_##SIZE(struct peer_end *end, struct message_##SIZE *message)        \
	{                                                                                          \
		return rte_ring_sc_dequeue_elem(end->in, message, SIZE) == 0;                      \
	}                                                                                          \
	static inline size_t push_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages,  \
					   size_t n)                                               \
	{                                                                                          \
		return rte_ring_sp_enqueue_burst_elem(end->out, messages, SIZE, (unsigned)n,       \
						      NULL);                                       \
	}                                                                                          \
	static inline size_t pop_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages,   \
					  size_t n)                                                \
	{                                                                                          \
		return rte_ring_sc_dequeue_burst_elem(end->in, messages, SIZE, (unsigned)n, NULL); \
	}

#include "bench/peers/table.h"

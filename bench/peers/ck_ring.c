/* SPDX-License-Identifier: MIT */
/* Concurrency Kit's ck_ring, copying messages by value. It has no batches. */
#define PEER_EXPORT bench_peer_ck_ring
#define PEER_NAME "ck_ring"
#define PEER_WHAT "Concurrency Kit ck_ring"
#define PEER_BATCHES 0
#define PEER_DIVISOR 1

#include <ck_ring.h>

#include "bench/peers/loops.h"

/* A ring's state, and its messages behind it. */
struct shared_ring {
	struct ck_ring ring;
	uint8_t messages[] __attribute__((aligned(128)));
};

struct peer_end {
	struct shared_ring *out, *in;
};

static struct shared_ring *ring_of(struct bench_pair *pair, size_t bytes, bool second)
{
	return (struct shared_ring *)(pair->shared->rings +
				      (second ? sizeof(struct shared_ring) + bytes : 0));
}

#define BYTES(SIZE) ((size_t)(SIZE)*PEER_SLOTS(SIZE))

#define PEER_OPS(SIZE)                                                                             \
	CK_RING_PROTOTYPE(message_##SIZE, message_##SIZE)                                          \
	static int prepare_##SIZE(struct bench_pair *pair)                                         \
	{                                                                                          \
		ck_ring_init(&ring_of(pair, BYTES(SIZE), false)->ring, PEER_SLOTS(SIZE));          \
		ck_ring_init(&ring_of(pair, BYTES(SIZE), true)->ring, PEER_SLOTS(SIZE));           \
		return 0;                                                                          \
	}                                                                                          \
	static int open_##SIZE(struct peer_end *end, struct bench_pair *pair, bool first)          \
	{                                                                                          \
		end->out = ring_of(pair, BYTES(SIZE), !first);                                     \
		end->in = ring_of(pair, BYTES(SIZE), first);                                       \
		return 0;                                                                          \
	}                                                                                          \
	static void close_##SIZE(struct peer_end *end)                                             \
	{                                                                                          \
		(void)end;                                                                         \
	}                                                                                          \
	static inline bool push_##SIZE(struct peer_end *end, struct message_##SIZE *message)       \
	{                                                                                          \
		return CK_RING_ENQUEUE_SPSC(message_##SIZE, &end->out->ring,                       \
					    (struct message_##SIZE *)end->out->messages, message); \
	}                                                                                          \
	static inline bool pop_##SIZE(struct peer_end *end, struct message_##SIZE *message)        \
	{                                                                                          \
		return CK_RING_DEQUEUE_SPSC(message_##SIZE, &end->in->ring,                        \
					    (struct message_##SIZE *)end->in->messages, message);  \
	}

#include "bench/peers/table.h"

/* SPDX-License-Identifier: MIT */
/* boost::lockfree::spsc_queue with a capacity known when it is compiled, so that
 * it holds no pointers and may lie in shared memory. */
#define PEER_EXPORT bench_peer_spsc_queue
#define PEER_NAME "spsc_queue"
#define PEER_WHAT "boost::lockfree::spsc_queue"
#define PEER_BATCHES 1
#define PEER_DIVISOR 1

#include <boost/lockfree/spsc_queue.hpp>
#include <new>

extern "C" {
#include "bench/peers/loops.h"
}

struct peer_end {
	void *out, *in;
};

template <typename Queue> static void *place(struct bench_pair *pair, bool second)
{
	return pair->shared->rings + (second ? (sizeof(Queue) + 127) / 128 * 128 : 0);
}

#define PEER_OPS(SIZE)                                                                            \
	typedef boost::lockfree::spsc_queue<message_##SIZE,                                       \
					    boost::lockfree::capacity<PEER_SLOTS(SIZE)>>          \
		queue_##SIZE;                                                                     \
	static int prepare_##SIZE(struct bench_pair *pair)                                        \
	{                                                                                         \
		new (place<queue_##SIZE>(pair, false)) queue_##SIZE;                              \
		new (place<queue_##SIZE>(pair, true)) queue_##SIZE;                               \
		return 0;                                                                         \
	}                                                                                         \
	static int open_##SIZE(struct peer_end *end, struct bench_pair *pair, bool first)         \
	{                                                                                         \
		end->out = place<queue_##SIZE>(pair, !first);                                     \
		end->in = place<queue_##SIZE>(pair, first);                                       \
		return 0;                                                                         \
	}                                                                                         \
	static void close_##SIZE(struct peer_end *)                                               \
	{                                                                                         \
	}                                                                                         \
	static inline bool push_##SIZE(struct peer_end *end, struct message_##SIZE *message)      \
	{                                                                                         \
		return static_cast<queue_##SIZE *>(end->out)->push(*message);                     \
	}                                                                                         \
	static inline bool pop_##SIZE(struct peer_end *end, struct message_##SIZE *message)       \
	{                                                                                         \
		return static_cast<queue_##SIZE *>(end->in)->pop(*message);                       \
	}                                                                                         \
	static inline size_t push_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages, \
					   size_t n)                                              \
	{                                                                                         \
		return static_cast<queue_##SIZE *>(end->out)->push(messages, n);                  \
	}                                                                                         \
	static inline size_t pop_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages,  \
					  size_t n)                                               \
	{                                                                                         \
		return static_cast<queue_##SIZE *>(end->in)->pop(messages, n);                    \
	}

#include "bench/peers/table.h"

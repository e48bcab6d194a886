/* SPDX-License-Identifier: MIT */
/* A pair of ZeroMQ sockets over ipc; both sides block. */
#define PEER_EXPORT bench_peer_zmq
#define PEER_NAME "zmq"
#define PEER_WHAT "ZeroMQ over ipc"
#define PEER_BATCHES 0
#define PEER_DIVISOR 40

#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/peers/loops.h"

struct peer_end {
	void *context, *socket;
};

/* The address in the abstract name space, of the measuring process' number. */
static char address[64];

static int prepare(void)
{
	snprintf(address, sizeof(address), "ipc://@mpring-bench-zmq-%d", getpid());
	return 0;
}

/* The measuring process binds; the other one retries until it connects. */
static int open_end(struct peer_end *end, bool first)
{
	end->context = zmq_ctx_new();
	end->socket = end->context ? zmq_socket(end->context, ZMQ_PAIR) : NULL;
	if (!end->socket)
		return -ENOMEM;
	if (first ? zmq_bind(end->socket, address) : zmq_connect(end->socket, address))
		return -EIO;
	return 0;
}

static void close_end(struct peer_end *end)
{
	zmq_close(end->socket);
	zmq_ctx_term(end->context);
}

#define PEER_OPS(SIZE)                                                                       \
	static int prepare_##SIZE(struct bench_pair *pair)                                   \
	{                                                                                    \
		(void)pair;                                                                  \
		return prepare();                                                            \
	}                                                                                    \
	static int open_##SIZE(struct peer_end *end, struct bench_pair *pair, bool first)    \
	{                                                                                    \
		(void)pair;                                                                  \
		return open_end(end, first);                                                 \
	}                                                                                    \
	static void close_##SIZE(struct peer_end *end)                                       \
	{                                                                                    \
		close_end(end);                                                              \
	}                                                                                    \
	static inline bool push_##SIZE(struct peer_end *end, struct message_##SIZE *message) \
	{                                                                                    \
		return zmq_send(end->socket, message, SIZE, 0) == SIZE;                      \
	}                                                                                    \
	static inline bool pop_##SIZE(struct peer_end *end, struct message_##SIZE *message)  \
	{                                                                                    \
		return zmq_recv(end->socket, message, SIZE, 0) == SIZE;                      \
	}

#include "bench/peers/table.h"

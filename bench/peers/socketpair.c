/* SPDX-License-Identifier: MIT */
/* A socket pair that keeps messages apart; both sides block. */
#define PEER_EXPORT bench_peer_socketpair
#define PEER_NAME "socketpair"
#define PEER_WHAT "socket pair"
#define PEER_BATCHES 1
#define PEER_DIVISOR 40

#include <sys/socket.h>
#include <unistd.h>

#include "bench/peers/loops.h"

struct peer_end {
	int fd;
};

/* Both ends, from before the fork; each process closes the other's. */
static int ends[2];

static int prepare(void)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

static int open_end(struct peer_end *end, bool first)
{
	end->fd = ends[first ? 0 : 1];
	close(ends[first ? 1 : 0]);
	return 0;
}

/* Vectors for n messages of a size that follow each other. */
static void describe(struct mmsghdr *headers, struct iovec *vectors, void *messages, size_t size,
		     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		vectors[i] = (struct iovec){(uint8_t *)messages + i * size, size};
		headers[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
	}
}

static size_t send_n(int fd, void *messages, size_t size, size_t n)
{
	struct mmsghdr headers[PEER_BATCH];
	struct iovec vectors[PEER_BATCH];
	int sent;

	describe(headers, vectors, messages, size, n);
	sent = sendmmsg(fd, headers, (unsigned)n, MSG_NOSIGNAL);
	return sent < 0 ? 0 : (size_t)sent;
}

static size_t receive_n(int fd, void *messages, size_t size, size_t n)
{
	struct mmsghdr headers[PEER_BATCH];
	struct iovec vectors[PEER_BATCH];
	int received;

	describe(headers, vectors, messages, size, n);
	received = recvmmsg(fd, headers, (unsigned)n, MSG_WAITFORONE, NULL);
	return received < 0 ? 0 : (size_t)received;
}

#define PEER_OPS(SIZE)                                                                            \
	static int prepare_##SIZE(struct bench_pair *pair)                                        \
	{                                                                                         \
		(void)pair;                                                                       \
		return prepare();                                                                 \
	}                                                                                         \
	static int open_##SIZE(struct peer_end *end, struct bench_pair *pair, bool first)         \
	{                                                                                         \
		(void)pair;                                                                       \
		return open_end(end, first);                                                      \
	}                                                                                         \
	static void close_##SIZE(struct peer_end *end)                                            \
	{                                                                                         \
		close(end->fd);                                                                   \
	}                                                                                         \
	static inline bool push_##SIZE(struct peer_end *end, struct message_##SIZE *message)      \
	{                                                                                         \
		return send(end->fd, message, SIZE, MSG_NOSIGNAL) == SIZE;                        \
	}                                                                                         \
	static inline bool pop_##SIZE(struct peer_end *end, struct message_##SIZE *message)       \
	{                                                                                         \
		return recv(end->fd, message, SIZE, 0) == SIZE;                                   \
	}                                                                                         \
	static inline size_t push_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages, \
					   size_t n)                                              \
	{                                                                                         \
		return send_n(end->fd, messages, SIZE, n);                                        \
	}                                                                                         \
	static inline size_t pop_n_##SIZE(struct peer_end *end, struct message_##SIZE *messages,  \
					  size_t n)                                               \
	{                                                                                         \
		return receive_n(end->fd, messages, SIZE, n);                                     \
	}

#include "bench/peers/table.h"

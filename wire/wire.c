/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "ring/discard.h"
#include "ring/fds.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "messages are sent as they lie in memory");

#define HEADER_SIZE sizeof(struct mpr_wire_header)

_Static_assert(MPR_WIRE_MAX_FDS <= MPR_FDS_MAX, "a message's descriptors go at once");

int mpr_wire_header_init(struct mpr_wire_header *header, enum mpr_wire_type type, const char *id)
{
	size_t length = id ? strlen(id) : 0;

	if (length >= MPR_WIRE_ID_SIZE)
		return -ENAMETOOLONG;
	memset(header, 0, sizeof(*header));
	header->type = type;
	if (length)
		memcpy(header->id, id, length);
	return 0;
}

/* ---- Time ------------------------------------------------------------- */

/* Waits until the socket is ready for `events` or hung up. 0, -ETIMEDOUT. */
static int wait_ready(int sock, short events, struct mpr_patience *patience)
{
	struct pollfd pfd = {.fd = sock, .events = events};

	for (;;) {
		bool last = !mpr_patience_left(patience);
		int n = poll(&pfd, 1, last ? 0 : mpr_patience_slice_ms(patience));

		if (n > 0)
			return 0;
		if (n == 0 && last)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* ---- Sending ---------------------------------------------------------- */

/* Drops the first n bytes of what is left to send. */
static void advance(struct iovec **parts, size_t *count, size_t n)
{
	while (*count && n >= (*parts)->iov_len) {
		n -= (*parts)->iov_len;
		++*parts;
		--*count;
	}
	if (n) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}

int mpr_wire_send_within(int sock, struct mpr_wire_header *header, const void *payload,
			 size_t length, const int *fds, unsigned nfds,
			 struct mpr_patience *patience)
{
	struct iovec iov[2] = {{header, HEADER_SIZE}, {(void *)payload, length}};
	struct iovec *parts = iov;
	size_t count = length ? 2 : 1;

	if (length > MPR_WIRE_MAX_PAYLOAD || nfds > MPR_WIRE_MAX_FDS)
		return -EMSGSIZE;
	header->length = length;
	header->nfds = nfds;

	while (count) {
		ssize_t n = mpr_fds_send(sock, parts, count, fds, nfds);

		if (n >= 0) {
			nfds = 0; /* they went with the first byte */
			advance(&parts, &count, (size_t)n);
		} else {
			int ret = n == -EAGAIN ? wait_ready(sock, POLLOUT, patience) : (int)n;

			if (ret)
				return ret;
		}
	}
	return 0;
}

int mpr_wire_send(int sock, struct mpr_wire_header *header, const void *payload, size_t length,
		  const int *fds, unsigned nfds, int timeout_ms)
{
	struct mpr_patience patience = mpr_patience_of(timeout_ms);

	return mpr_wire_send_within(sock, header, payload, length, fds, nfds, &patience);
}

/* ---- Receiving -------------------------------------------------------- */

static void forget_fds(struct mpr_wire_msg *msg)
{
	for (unsigned i = 0; i < MPR_WIRE_MAX_FDS; i++)
		msg->fds[i] = -1;
}

void mpr_wire_msg_release(struct mpr_wire_msg *msg)
{
	for (unsigned i = 0; i < MPR_WIRE_MAX_FDS; i++)
		mpr_discard(msg->fds[i]);
	forget_fds(msg);
}

static void restart(struct mpr_wire_parser *parser)
{
	mpr_wire_msg_release(parser->msg);
	parser->have = 0;
	parser->nfds = 0;
	parser->misplaced = false;
}

int mpr_wire_parser_init(struct mpr_wire_parser *parser)
{
	parser->msg = malloc(sizeof(*parser->msg));
	if (!parser->msg)
		return -ENOMEM;
	forget_fds(parser->msg);
	parser->have = 0;
	parser->nfds = 0;
	parser->misplaced = false;
	return 0;
}

void mpr_wire_parser_fini(struct mpr_wire_parser *parser)
{
	if (!parser->msg)
		return;
	mpr_wire_msg_release(parser->msg);
	free(parser->msg);
	parser->msg = NULL;
}

/* Keeps a descriptor that came with a piece of a message, or notes that it has no place. */
static void keep_fd(void *opaque, int fd)
{
	struct mpr_wire_parser *parser = opaque;

	if (fd >= 0 && parser->nfds < MPR_WIRE_MAX_FDS && parser->have < HEADER_SIZE) {
		parser->msg->fds[parser->nfds++] = fd;
	} else {
		mpr_discard(fd);
		parser->misplaced = true;
	}
}

/* Reads at most `want` more bytes of the message: their number, 0 when there
 * are none yet, or negative errno. */
static ssize_t read_some(struct mpr_wire_parser *parser, int sock, void *to, size_t want)
{
	ssize_t n = mpr_fds_receive(sock, to, want, keep_fd, parser);

	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	if (parser->misplaced)
		return -EPROTO;
	return n ? n : -ECONNRESET;
}

/* What must hold before the rest of the message is read. */
static int check_sizes(const struct mpr_wire_parser *parser)
{
	const struct mpr_wire_header *header = &parser->msg->header;

	if (header->length > MPR_WIRE_MAX_PAYLOAD || header->nfds != parser->nfds)
		return -EPROTO;
	return 0;
}

/* Bytes that are missing from the header, or else from the whole message. */
static size_t missing(const struct mpr_wire_parser *parser)
{
	if (parser->have < HEADER_SIZE)
		return HEADER_SIZE - parser->have;
	return HEADER_SIZE + parser->msg->header.length - parser->have;
}

static uint8_t *next_byte(struct mpr_wire_parser *parser)
{
	if (parser->have < HEADER_SIZE)
		return (uint8_t *)&parser->msg->header + parser->have;
	return parser->msg->payload + (parser->have - HEADER_SIZE);
}

/* As mpr_wire_parser_read(), for a message that is not whole yet. */
static int read_message(struct mpr_wire_parser *parser, int sock)
{
	size_t want;

	while ((want = missing(parser))) {
		ssize_t n = read_some(parser, sock, next_byte(parser), want);

		if (n <= 0)
			return n;
		parser->have += n;
		if (parser->have == HEADER_SIZE && check_sizes(parser))
			return -EPROTO;
	}
	return 1;
}

int mpr_wire_parser_read(struct mpr_wire_parser *parser, int sock)
{
	int ret;

	if (!missing(parser))
		restart(parser);
	ret = read_message(parser, sock);
	if (ret < 0)
		restart(parser);
	return ret;
}

int mpr_wire_recv_within(int sock, struct mpr_wire_msg *msg, struct mpr_patience *patience)
{
	struct mpr_wire_parser parser = {.msg = msg};
	int ret;

	forget_fds(msg);
	while ((ret = read_message(&parser, sock)) == 0) {
		ret = wait_ready(sock, POLLIN, patience);
		if (ret)
			break;
	}
	if (ret < 0)
		mpr_wire_msg_release(msg);
	return ret < 0 ? ret : 0;
}

int mpr_wire_recv(int sock, struct mpr_wire_msg *msg, int timeout_ms)
{
	struct mpr_patience patience = mpr_patience_of(timeout_ms);

	return mpr_wire_recv_within(sock, msg, &patience);
}

/* SPDX-License-Identifier: MIT */
#include "wire/mpqemu.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "ring/discard.h"
#include "ring/fds.h"

#define HEADER_SIZE sizeof(struct mpr_mpqemu_header)
#define DATA_SIZE sizeof(((struct mpr_mpqemu_msg *)NULL)->data)

/* ---- Sending ------------------------------------------------------------ */

int mpr_mpqemu_send(int sock, enum mpr_mpqemu_command command, const void *data, size_t size,
		    const int *fds, unsigned nfds)
{
	struct mpr_mpqemu_header header = {.command = (int32_t)command, .size = size};
	struct iovec iov[2] = {{&header, HEADER_SIZE}, {(void *)data, size}};
	ssize_t n;

	if (size > DATA_SIZE || nfds > MPR_MPQEMU_MAX_FDS)
		return -EMSGSIZE;
	n = mpr_fds_send(sock, iov, size ? 2 : 1, fds, nfds);
	if (n < 0)
		return (int)n;
	/* So small a message is queued whole or not at all. */
	return (size_t)n == HEADER_SIZE + size ? 0 : -EAGAIN;
}

/* ---- Receiving ---------------------------------------------------------- */

void mpr_mpqemu_msg_release(struct mpr_mpqemu_msg *msg)
{
	for (unsigned i = 0; i < msg->nfds; i++)
		mpr_discard(msg->fds[i]);
	msg->nfds = 0;
}

static void restart(struct mpr_mpqemu_parser *parser)
{
	mpr_mpqemu_msg_release(&parser->msg);
	memset(&parser->msg.data, 0, sizeof(parser->msg.data));
	parser->have = 0;
	parser->misplaced = false;
}

void mpr_mpqemu_parser_init(struct mpr_mpqemu_parser *parser)
{
	memset(parser, 0, sizeof(*parser));
}

void mpr_mpqemu_parser_fini(struct mpr_mpqemu_parser *parser)
{
	mpr_mpqemu_msg_release(&parser->msg);
}

/* File descriptors come with the header; others have no place. */
static void keep_fd(void *opaque, int fd)
{
	struct mpr_mpqemu_parser *parser = opaque;
	struct mpr_mpqemu_msg *msg = &parser->msg;

	if (fd >= 0 && msg->nfds < MPR_MPQEMU_MAX_FDS && parser->have < HEADER_SIZE) {
		msg->fds[msg->nfds++] = fd;
	} else {
		mpr_discard(fd);
		parser->misplaced = true;
	}
}

/* Reads at most `want` more bytes: their number, 0 when there are none yet, or
 * negative errno. */
static ssize_t read_some(struct mpr_mpqemu_parser *parser, int sock, size_t want)
{
	ssize_t n = mpr_fds_receive(sock, (uint8_t *)&parser->msg + parser->have, want, keep_fd,
				    parser);

	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	if (parser->misplaced)
		return -EPROTO;
	return n ? n : -ECONNRESET;
}

/* Bytes that are missing from the header, or else from the whole message. */
static size_t missing(const struct mpr_mpqemu_parser *parser)
{
	if (parser->have < HEADER_SIZE)
		return HEADER_SIZE - parser->have;
	return HEADER_SIZE + parser->msg.header.size - parser->have;
}

static int read_message(struct mpr_mpqemu_parser *parser, int sock)
{
	size_t want;

	while ((want = missing(parser))) {
		ssize_t n = read_some(parser, sock, want);

		if (n <= 0)
			return (int)n;
		parser->have += (size_t)n;
		if (parser->have == HEADER_SIZE && parser->msg.header.size > DATA_SIZE)
			return -EPROTO;
	}
	return 1;
}

int mpr_mpqemu_parser_read(struct mpr_mpqemu_parser *parser, int sock)
{
	int ret;

	if (!missing(parser))
		restart(parser);
	ret = read_message(parser, sock);
	if (ret < 0)
		restart(parser);
	return ret;
}

/* ---- Checking ----------------------------------------------------------- */

static const struct {
	size_t size;
	unsigned min_fds, max_fds;
} forms[] = {
	[MPR_MPQEMU_SYNC_SYSMEM] = {sizeof(struct mpr_mpqemu_memory), 1, MPR_MPQEMU_MAX_FDS},
	[MPR_MPQEMU_RET] = {sizeof(uint64_t), 0, 0},
	[MPR_MPQEMU_CONFIG_WRITE] = {sizeof(struct mpr_mpqemu_config), 0, 0},
	[MPR_MPQEMU_CONFIG_READ] = {sizeof(struct mpr_mpqemu_config), 0, 0},
	[MPR_MPQEMU_BAR_WRITE] = {sizeof(struct mpr_mpqemu_access), 0, 0},
	[MPR_MPQEMU_BAR_READ] = {sizeof(struct mpr_mpqemu_access), 0, 0},
	[MPR_MPQEMU_SET_IRQFD] = {0, 2, 2},
	[MPR_MPQEMU_DEVICE_RESET] = {0, 0, 0},
};

static const char *complaint(const struct mpr_mpqemu_msg *msg)
{
	int command = msg->header.command;
	/* The answer to DEVICE_RESET carries no value. */
	bool bare = command == MPR_MPQEMU_RET && msg->header.size == 0;

	if (command < 0 || (size_t)command >= sizeof(forms) / sizeof(forms[0]))
		return "unknown command";
	if (msg->header.size != forms[command].size && !bare)
		return "a command's data have the wrong size";
	if (msg->nfds < forms[command].min_fds || msg->nfds > forms[command].max_fds)
		return "a command has the wrong number of file descriptors";
	return NULL;
}

int mpr_mpqemu_check(const struct mpr_mpqemu_msg *msg, const char **why)
{
	*why = complaint(msg);
	return *why ? -EPROTO : 0;
}

/* SPDX-License-Identifier: MIT */
#include "wire/mpqemu.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/discard.h"

#define HEADER_SIZE sizeof(struct mpr_mpqemu_header)
#define DATA_SIZE sizeof(((struct mpr_mpqemu_msg *)NULL)->data)

/* Room for the file descriptors of one message. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * MPR_MPQEMU_MAX_FDS)];
};

/* ---- Sending ------------------------------------------------------------ */

static void attach_fds(struct msghdr *mh, union control *control, const int *fds, unsigned nfds)
{
	struct cmsghdr *cmsg;

	memset(control, 0, sizeof(*control));
	mh->msg_control = control;
	mh->msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
	cmsg = CMSG_FIRSTHDR(mh);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
	memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * nfds);
}

int mpr_mpqemu_send(int sock, enum mpr_mpqemu_command command, const void *data, size_t size,
		    const int *fds, unsigned nfds)
{
	struct mpr_mpqemu_header header = {.command = (int32_t)command, .size = size};
	struct iovec iov[2] = {{&header, HEADER_SIZE}, {(void *)data, size}};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = size ? 2 : 1};
	union control control;
	ssize_t n;

	if (size > DATA_SIZE || nfds > MPR_MPQEMU_MAX_FDS)
		return -EMSGSIZE;
	if (nfds)
		attach_fds(&mh, &control, fds, nfds);
	do {
		n = sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	/* So small a message is queued whole or not at all. */
	return (size_t)n == HEADER_SIZE + size ? 0 : -EAGAIN;
}

/* ---- Receiving ---------------------------------------------------------- */

/* Room for whatever comes along: what has none is closed by the kernel, here. */
union received {
	struct cmsghdr align;
	char bytes[MPR_DISCARD_ROOM];
};

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
}

void mpr_mpqemu_parser_init(struct mpr_mpqemu_parser *parser)
{
	memset(parser, 0, sizeof(*parser));
}

void mpr_mpqemu_parser_fini(struct mpr_mpqemu_parser *parser)
{
	mpr_mpqemu_msg_release(&parser->msg);
}

/* File descriptors come with the header; those that there is no room for are
 * closed. */
static int keep_fd(struct mpr_mpqemu_parser *parser, int fd)
{
	struct mpr_mpqemu_msg *msg = &parser->msg;

	if (msg->nfds < MPR_MPQEMU_MAX_FDS && parser->have < HEADER_SIZE) {
		msg->fds[msg->nfds++] = fd;
		return 0;
	}
	mpr_discard(fd);
	return -EPROTO;
}

static int collect_fds(struct mpr_mpqemu_parser *parser, struct msghdr *mh)
{
	int ret = mh->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (keep_fd(parser, fd) < 0)
				ret = -EPROTO;
		}
	}
	return ret;
}

/* Reads at most `want` more bytes: their number, 0 when there are none yet, or
 * negative errno. */
static ssize_t read_some(struct mpr_mpqemu_parser *parser, int sock, size_t want)
{
	union received control;
	struct iovec iov = {(uint8_t *)&parser->msg + parser->have, want};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control)};
	ssize_t n;
	int ret;

	do {
		n = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	ret = collect_fds(parser, &mh);
	if (ret < 0)
		return ret;
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

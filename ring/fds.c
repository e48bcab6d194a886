/* SPDX-License-Identifier: MIT */
#include "ring/fds.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ring/discard.h"

/* Descriptors that the kernel lets one message have. */
#define KERNEL_MAX 253

/* Credentials, a label, a pidfd: what else a peer can have come along. */
#define OTHERS_ROOM 1024

/* From Linux 6.5 on a socket can be told to bring a pidfd of its sender. */
#define CMSG_PIDFD 4

ssize_t mpr_fds_send(int sock, const struct iovec *parts, size_t part_count, const int *fds,
		     unsigned nfds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(MPR_FDS_MAX * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = (struct iovec *)parts, .msg_iovlen = part_count};
	ssize_t n;

	if (nfds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, nfds * sizeof(int));
	}
	do {
		n = sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n;
}

/* ---- Receiving ---------------------------------------------------------- */

static void discard(void *opaque, int fd)
{
	(void)opaque;
	mpr_discard(fd);
}

static int fd_at(struct cmsghdr *part, size_t i)
{
	int fd;

	memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
	return fd;
}

static void take_part(struct cmsghdr *part, mpr_fds_fn keep, void *opaque)
{
	size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	if (part->cmsg_level != SOL_SOCKET)
		return;
	if (part->cmsg_type == CMSG_PIDFD) {
		mpr_discard(fd_at(part, 0));
		keep(opaque, -1);
	} else if (part->cmsg_type == SCM_RIGHTS) {
		for (size_t i = 0; i < count; i++)
			keep(opaque, fd_at(part, i));
	}
}

ssize_t mpr_fds_receive(int sock, void *buf, size_t size, mpr_fds_fn keep, void *opaque)
{
	/* With room for all of them: else the kernel closes the rest, and waits for it. */
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(KERNEL_MAX * sizeof(int)) + OTHERS_ROOM];
	struct iovec iov = {buf, size};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (!keep)
		keep = discard;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&msg); part; part = CMSG_NXTHDR(&msg, part))
		take_part(part, keep, opaque);
	if (msg.msg_flags & MSG_CTRUNC)
		keep(opaque, -1);
	return n;
}

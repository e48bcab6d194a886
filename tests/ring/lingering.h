/* SPDX-License-Identifier: MIT */
/* Descriptors whose close() does not return: TCP sockets with SO_LINGER, and data that
 * the other end does not take. Passing them on. */
#ifndef MPR_TESTS_RING_LINGERING_H
#define MPR_TESTS_RING_LINGERING_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longer than any test. */
#define LINGER_SECONDS 30000

static inline void lingering_require(int condition)
{
	if (!condition)
		abort();
}

static inline void lingering_fill(int sock)
{
	static const char bytes[65536];

	while (send(sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

/* *other: its other end, whose closing ends the waiting. */
static inline int lingering_socket(int *other)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct linger linger = {.l_onoff = 1, .l_linger = LINGER_SECONDS};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);
	int little = 4096;

	lingering_require(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)) ==
			  0);
	lingering_require(setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little)) == 0);
	lingering_require(bind(listener, (void *)&address, size) == 0);
	lingering_require(listen(listener, 1) == 0);
	lingering_require(getsockname(listener, (void *)&address, &size) == 0);
	lingering_require(connect(sock, (void *)&address, size) == 0);
	*other = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	lingering_require(*other >= 0);
	close(listener);
	lingering_fill(sock);
	lingering_require(setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	return sock;
}

/* Sends bytes with `count` copies of a descriptor and closes its own, so that only those in
 * flight are left. The receiver must not close them before that: close() would block here. */
static inline void lingering_send(int sock, const void *bytes, size_t size, int fd, unsigned count,
				  int flags)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * 253)] = {0};
	struct iovec iov = {(void *)bytes, size};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&mh);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int) * count);
	for (unsigned i = 0; i < count; i++)
		memcpy(CMSG_DATA(part) + i * sizeof(fd), &fd, sizeof(fd));
	lingering_require(sendmsg(sock, &mh, flags | MSG_NOSIGNAL) == (ssize_t)size);
	close(fd);
}

#endif

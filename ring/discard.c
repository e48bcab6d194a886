/* SPDX-License-Identifier: MIT */
#include "ring/discard.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* More than one, so that one file whose server never answers holds back no other. */
#define MAX_THREADS 16

/* From Linux 6.5 on a socket can be told to bring a pidfd of its sender. */
#define CMSG_PIDFD 4

static struct {
	pthread_mutex_t lock; /* of all that follows; never held while closing */
	int *fds;	      /* to be closed */
	size_t count, room;
	unsigned threads;
} discarded = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- The threads -------------------------------------------------------- */

static void *close_all(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&discarded.lock);
	while (discarded.count) {
		int fd = discarded.fds[--discarded.count];

		pthread_mutex_unlock(&discarded.lock);
		close(fd);
		pthread_mutex_lock(&discarded.lock);
	}
	discarded.threads--;
	pthread_mutex_unlock(&discarded.lock);
	return NULL;
}

/* Signals are for the threads that were there before. */
static bool start_thread(void)
{
	sigset_t all, before;
	pthread_t thread;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, close_all, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		pthread_detach(thread);
	return started;
}

static bool make_room(void)
{
	size_t room = discarded.room ? 2 * discarded.room : 64;
	int *fds;

	if (discarded.count < discarded.room)
		return true;
	fds = reallocarray(discarded.fds, room, sizeof(*fds));
	if (!fds)
		return false;
	discarded.fds = fds;
	discarded.room = room;
	return true;
}

static void close_elsewhere(int fd)
{
	pthread_mutex_lock(&discarded.lock);
	if (make_room()) {
		discarded.fds[discarded.count++] = fd;
		if (discarded.threads < MAX_THREADS)
			discarded.threads += start_thread();
	}
	pthread_mutex_unlock(&discarded.lock);
}

/* ---- What is closed ----------------------------------------------------- */

/* A memfd, or a file on tmpfs or hugetlbfs: only they know seals. Asks nobody. */
static bool is_memory(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

void mpr_discard(int fd)
{
	if (fd < 0)
		return;
	if (is_memory(fd))
		close(fd);
	else
		close_elsewhere(fd);
}

void mpr_discard_socket(int sock)
{
	int unread;

	if (sock < 0)
		return;
	/* From here on nothing more gets in. */
	(void)shutdown(sock, SHUT_RDWR);
	if (ioctl(sock, FIONREAD, &unread) == 0 && unread == 0)
		close(sock);
	else
		close_elsewhere(sock);
}

static bool has_descriptors(const struct cmsghdr *part)
{
	return part->cmsg_level == SOL_SOCKET &&
	       (part->cmsg_type == SCM_RIGHTS || part->cmsg_type == CMSG_PIDFD);
}

bool mpr_discard_received(struct msghdr *msg)
{
	bool any = false;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(msg); part; part = CMSG_NXTHDR(msg, part)) {
		size_t n = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (!has_descriptors(part))
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
			mpr_discard(fd);
			any = true;
		}
	}
	return any;
}

ssize_t mpr_discard_and_receive(int sock, void *buf, size_t size)
{
	_Alignas(struct cmsghdr) char control[MPR_DISCARD_ROOM];
	struct iovec iov = {buf, size};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n >= 0)
		(void)mpr_discard_received(&mh);
	return n;
}

void mpr_discard_prepare(int sock)
{
	int on = 1;

	(void)setsockopt(sock, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

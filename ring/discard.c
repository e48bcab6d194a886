/* SPDX-License-Identifier: MIT */
#include "ring/discard.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Several, so that a file whose server never answers does not hold up the others. */
#define MAX_THREADS 16

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

/* With all signals blocked: they are for the program's own threads. */
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

/* A memfd, or a file on tmpfs or hugetlbfs: only these have seals. Does not block. */
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
	/* After this nothing more can be queued in it. */
	(void)shutdown(sock, SHUT_RDWR);
	if (ioctl(sock, FIONREAD, &unread) == 0 && unread == 0)
		close(sock);
	else
		close_elsewhere(sock);
}

void mpr_discard_prepare(int sock)
{
	int on = 1;

	(void)setsockopt(sock, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

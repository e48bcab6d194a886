/* SPDX-License-Identifier: MIT */
#include "event/watch.h"

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ring/discard.h"

struct mpr_watch {
	struct mpr_uring_op poll;
	struct mpr_uring_op cancel;
	struct mpr_watcher *watcher;
	void (*ready)(void *opaque);
	void *opaque;
	int fd;
	unsigned events;
	unsigned pending; /* completions of `poll` and `cancel` that are to come */
	bool stopped;
	bool discards; /* the descriptor, in the end */
};

static void arm(struct mpr_watch *watch)
{
	struct io_uring_sqe *sqe = mpr_uring_sqe(watch->watcher->uring, &watch->poll);

	io_uring_prep_poll_multishot(sqe, watch->fd, watch->events);
	watch->pending++;
}

static void free_when_done(struct mpr_watch *watch)
{
	if (watch->pending)
		return;
	watch->watcher->active--;
	if (watch->discards)
		mpr_discard_socket(watch->fd);
	free(watch);
}

static void on_poll(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_watch *watch = (void *)((char *)op - offsetof(struct mpr_watch, poll));

	(void)res; /* whoever reads the descriptor sees what is wrong with it */
	if (!(flags & IORING_CQE_F_MORE))
		watch->pending--;
	if (watch->stopped) {
		free_when_done(watch);
		return;
	}
	/* The kernel ends a multishot poll when the completion queue overflows. */
	if (!watch->pending)
		arm(watch);
	watch->ready(watch->opaque);
}

static void on_cancel(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_watch *watch = (void *)((char *)op - offsetof(struct mpr_watch, cancel));

	(void)res;
	(void)flags;
	watch->pending--;
	free_when_done(watch);
}

static struct mpr_watch *start(struct mpr_watcher *watcher, int fd, unsigned events,
			       void (*ready)(void *opaque), void *opaque)
{
	struct mpr_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->poll.fn = on_poll;
	watch->cancel.fn = on_cancel;
	watch->watcher = watcher;
	watch->ready = ready;
	watch->opaque = opaque;
	watch->fd = fd;
	watch->events = events;
	watcher->active++;
	arm(watch);
	return watch;
}

struct mpr_watch *mpr_watch_start(struct mpr_watcher *watcher, int fd, void (*ready)(void *opaque),
				  void *opaque)
{
	return start(watcher, fd, POLLIN | POLLRDHUP, ready, opaque);
}

struct mpr_watch *mpr_watch_start_output(struct mpr_watcher *watcher, int fd,
					 void (*ready)(void *opaque), void *opaque)
{
	return start(watcher, fd, POLLOUT, ready, opaque);
}

void mpr_watch_stop(struct mpr_watch *watch)
{
	if (!watch)
		return;
	watch->stopped = true;
	watch->pending++;
	/* The poll may still be queued: submit it before the caller closes the descriptor,
	 * else it would poll whatever file gets that number next. */
	(void)mpr_uring_submit(watch->watcher->uring);
	io_uring_prep_cancel(mpr_uring_sqe(watch->watcher->uring, &watch->cancel), &watch->poll, 0);
}

void mpr_watch_stop_and_discard(struct mpr_watch *watch)
{
	(void)shutdown(watch->fd, SHUT_RDWR);
	watch->discards = true;
	mpr_watch_stop(watch);
}

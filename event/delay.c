/* SPDX-License-Identifier: MIT */
#include "event/delay.h"

#include <stddef.h>
#include <stdlib.h>

struct mpr_delay {
	struct mpr_uring_op timeout;
	struct mpr_uring_op cancel;
	struct mpr_watcher *watcher;
	struct __kernel_timespec time;
	void (*elapsed)(void *opaque);
	void *opaque;
	unsigned pending; /* completions of `timeout` and `cancel` that are to come */
	bool stopped;
};

static void completed(struct mpr_delay *delay)
{
	if (--delay->pending)
		return;
	delay->watcher->active--;
	free(delay);
}

static void on_timeout(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_delay *delay = (void *)((char *)op - offsetof(struct mpr_delay, timeout));
	void (*elapsed)(void *opaque) = delay->stopped ? NULL : delay->elapsed;
	void *opaque = delay->opaque;

	(void)res;
	(void)flags;
	completed(delay);
	if (elapsed)
		elapsed(opaque);
}

static void on_cancel(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	(void)res;
	(void)flags;
	completed((void *)((char *)op - offsetof(struct mpr_delay, cancel)));
}

struct mpr_delay *mpr_delay_start(struct mpr_watcher *watcher, unsigned ms,
				  void (*elapsed)(void *opaque), void *opaque)
{
	struct mpr_delay *delay = calloc(1, sizeof(*delay));

	if (!delay)
		return NULL;
	delay->timeout.fn = on_timeout;
	delay->cancel.fn = on_cancel;
	delay->watcher = watcher;
	delay->time.tv_sec = ms / 1000;
	delay->time.tv_nsec = ms % 1000 * 1000000L;
	delay->elapsed = elapsed;
	delay->opaque = opaque;
	delay->pending = 1;
	watcher->active++;
	io_uring_prep_timeout(mpr_uring_sqe(watcher->uring, &delay->timeout), &delay->time, 0, 0);
	return delay;
}

void mpr_delay_stop(struct mpr_delay *delay)
{
	if (!delay)
		return;
	delay->stopped = true;
	delay->pending++;
	io_uring_prep_timeout_remove(mpr_uring_sqe(delay->watcher->uring, &delay->cancel),
				     (uintptr_t)&delay->timeout, 0);
}

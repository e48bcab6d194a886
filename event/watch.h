/* SPDX-License-Identifier: MIT */
/*
 * Being told that a file descriptor became readable, through the io_uring: one
 * multishot poll each, which costs no system call as long as it stays armed.
 * An eventfd need not be read: every write to it is told.
 */
#ifndef MPR_EVENT_WATCH_H
#define MPR_EVENT_WATCH_H

#include "event/uring.h"

struct mpr_watch;

/* The watches of one io_uring. */
struct mpr_watcher {
	struct mpr_uring *uring;
	unsigned active; /* watches that the kernel may still complete */
};

/*
 * Calls ready(opaque) from mpr_uring_reap() whenever `fd` became readable or
 * was hung up, and perhaps without reason. `fd` stays the caller's. NULL when
 * out of memory.
 */
struct mpr_watch *mpr_watch_start(struct mpr_watcher *watcher, int fd, void (*ready)(void *opaque),
				  void *opaque);

/* The same when `fd` became writable. */
struct mpr_watch *mpr_watch_start_output(struct mpr_watcher *watcher, int fd,
					 void (*ready)(void *opaque), void *opaque);

/* No call comes any more; `fd` may be closed. NULL is ignored. The memory is
 * freed when the kernel has given it up: watcher->active tells. */
void mpr_watch_stop(struct mpr_watch *watch);

/* The same for a peer's socket, which is hung up at once and closed (ring/discard.h)
 * when the kernel has given it up. Not before: else the kernel would be the last to
 * close it, in the middle of this thread's work. */
void mpr_watch_stop_and_discard(struct mpr_watch *watch);

#endif

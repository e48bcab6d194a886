/* SPDX-License-Identifier: MIT */
/*
 * Watching file descriptors for input or output through the io_uring. Each watch is a
 * multishot poll, which costs no system call while it stays armed. An eventfd need not
 * be read: every write to it is reported.
 */
#ifndef MPR_EVENT_WATCH_H
#define MPR_EVENT_WATCH_H

#include "event/uring.h"

struct mpr_watch;

/* The watches of one io_uring. */
struct mpr_watcher {
	struct mpr_uring *uring;
	unsigned active; /* watches and delays that the kernel may still complete */
};

/*
 * Calls ready(opaque) from mpr_uring_reap() whenever `fd` became readable or
 * was hung up, and perhaps spuriously. `fd` stays the caller's. NULL when
 * out of memory.
 */
struct mpr_watch *mpr_watch_start(struct mpr_watcher *watcher, int fd, void (*ready)(void *opaque),
				  void *opaque);

/* The same when `fd` became writable. */
struct mpr_watch *mpr_watch_start_output(struct mpr_watcher *watcher, int fd,
					 void (*ready)(void *opaque), void *opaque);

/* From now on there is no call, and `fd` may be closed. NULL is ignored. The memory is
 * freed once the kernel has ended the poll; until then the watch counts in
 * watcher->active. */
void mpr_watch_stop(struct mpr_watch *watch);

/* The same for a peer's socket, which is shut down at once, and closed by ring/discard.h
 * once the kernel has ended the poll. If it were closed before, the poll would hold the
 * last reference, and its end would do the closing, which the peer can make slow, in the
 * middle of this thread's work. */
void mpr_watch_stop_and_discard(struct mpr_watch *watch);

#endif

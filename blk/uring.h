/* SPDX-License-Identifier: MIT */
/*
 * One io_uring for all asynchronous work of a thread: block I/O, doorbells,
 * sockets, timers. Every operation carries a struct mpr_uring_op, embedded by
 * its owner, whose function is called with the result.
 *
 * Single-threaded: one thread creates, submits and reaps.
 */
#ifndef MPR_BLK_URING_H
#define MPR_BLK_URING_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

struct mpr_uring_op {
	/* `res` and `flags` are those of the io_uring completion entry. May
	 * queue further operations; may free the operation that it belongs to
	 * (unless flags has IORING_CQE_F_MORE). */
	void (*fn)(struct mpr_uring_op *op, int32_t res, uint32_t flags);
};

struct mpr_uring_stats {
	uint64_t enters;      /* io_uring_enter system calls, exactly */
	uint64_t submitted;   /* submission entries */
	uint64_t completions; /* completion entries reaped */
};

struct mpr_uring;

/* `entries`: size of the submission queue. 0 or negative errno; on -ENOSYS or
 * -EPERM the kernel forbids io_uring (sysctl kernel.io_uring_disabled). The
 * ring belongs to the calling thread for good. */
int mpr_uring_create(unsigned entries, struct mpr_uring **ring);
/* Operations in flight are cancelled and their functions never called. NULL
 * is ignored. */
void mpr_uring_destroy(struct mpr_uring *ring);

/*
 * A submission entry whose completion goes to op; the caller then fills it in
 * with one io_uring_prep_*() call and must not touch user_data. Never NULL:
 * a full queue is submitted first. op must live until its last completion.
 */
struct io_uring_sqe *mpr_uring_sqe(struct mpr_uring *ring, struct mpr_uring_op *op);

/*
 * Calls fn for every completion that is there now. Returns how many. Made for
 * polling: there is no system call until the kernel flags, in memory that it
 * shares with us, that it has completions for which it needs the thread to
 * enter; then there is one, which does not block.
 */
unsigned mpr_uring_reap(struct mpr_uring *ring);

/* Submits what is queued, if anything. Never blocks. 0 or negative errno: the
 * kernel is short of memory (-EAGAIN) or of room for completions (-EBUSY); what
 * was not submitted stays queued, so reap and call again. */
int mpr_uring_submit(struct mpr_uring *ring);

/* Submits, and sleeps until there is a completion or `timeout_ns` passed
 * (UINT64_MAX: no limit). Reaps nothing. 0 or negative errno (-EINTR after a
 * signal is reported as 0). */
int mpr_uring_wait(struct mpr_uring *ring, uint64_t timeout_ns);

const struct mpr_uring_stats *mpr_uring_stats(const struct mpr_uring *ring);

#endif

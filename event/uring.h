/* SPDX-License-Identifier: MIT */
/*
 * One io_uring for all asynchronous work of a thread: block I/O, doorbells,
 * sockets, timers. Every operation carries a struct mpr_uring_op, embedded by
 * its owner, whose function is called with the result.
 *
 * Single-threaded: one thread creates, submits and reaps.
 */
#ifndef MPR_EVENT_URING_H
#define MPR_EVENT_URING_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct mpr_uring_op {
	/* `res` and `flags` are those of the io_uring completion entry. May
	 * queue further operations; may free the operation that it belongs to
	 * (unless flags has IORING_CQE_F_MORE). */
	void (*fn)(struct mpr_uring_op *op, int32_t res, uint32_t flags);
};

struct mpr_uring_stats {
	/* io_uring_enter system calls, exactly (with sqpoll, those that woke its
	 * thread as well as can be told). */
	uint64_t enters;
	uint64_t submitted;   /* submission entries */
	uint64_t completions; /* completion entries reaped */
};

struct mpr_uring;

/* `entries`: size of the submission queue. 0 or negative errno; on -ENOSYS or
 * -EPERM the kernel forbids io_uring (sysctl kernel.io_uring_disabled). No other
 * thread may ever use the ring. */
int mpr_uring_create(unsigned entries, struct mpr_uring **ring);

/* The same with SQPOLL: a kernel thread picks the submissions up, so that submitting
 * costs no system call while that thread is awake. The thread keeps a processor busy
 * and sleeps after MPR_URING_SQPOLL_IDLE_MS without work. */
int mpr_uring_create_sqpoll(unsigned entries, struct mpr_uring **ring);
#define MPR_URING_SQPOLL_IDLE_MS 10

/* Cancels operations in flight; their functions are never called. NULL is ignored. */
void mpr_uring_destroy(struct mpr_uring *ring);

/*
 * A submission entry whose completion goes to op; the caller then fills it in
 * with one io_uring_prep_*() call and must not touch user_data. Never NULL:
 * a full queue is submitted first. op must live until its last completion.
 */
struct io_uring_sqe *mpr_uring_sqe(struct mpr_uring *ring, struct mpr_uring_op *op);

/*
 * Calls fn for the completions that are in the ring, at most MPR_URING_BATCH of
 * each ring. Returns how many. Made for polling: it makes a system call, which does
 * not block, only when the ring is empty and the kernel has flagged in shared memory
 * that it needs the thread to enter (deferred task work, overflow). Completions that
 * mpr_uring_submit() or _wait() fetched cost none. Alternate with mpr_uring_submit():
 * what a few completions lead to is then submitted before more are fetched; to reap
 * all of them first would leave the disk idle meanwhile.
 */
#define MPR_URING_BATCH 4
unsigned mpr_uring_reap(struct mpr_uring *ring);

/* Submits what is queued, if anything, and makes the completions that the
 * kernel holds back ready to be reaped. Never blocks. 0 or negative errno: the
 * kernel is short of memory (-EAGAIN) or of room for completions (-EBUSY); what
 * was not submitted stays queued, so reap and call again. */
int mpr_uring_submit(struct mpr_uring *ring);

/* Submits, and sleeps until there is a completion or `timeout_ns` passed
 * (UINT64_MAX: no limit). Reaps nothing. 0 or negative errno (-EINTR after a
 * signal is reported as 0). Does not sleep while the ring of mpr_uring_polled()
 * has operations in flight. */
int mpr_uring_wait(struct mpr_uring *ring, uint64_t timeout_ns);

/*
 * A second ring, made at the first call, that polls the device for completions
 * (IORING_SETUP_IOPOLL). Get submission entries from it; it is submitted, reaped,
 * waited for and destroyed with `ring`. It takes only reads and writes of files open
 * for direct I/O; they fail with -EOPNOTSUPP where the device has no poll queues.
 * 0 or negative errno.
 */
int mpr_uring_polled(struct mpr_uring *ring, struct mpr_uring **polled);

/*
 * Registers an open file, so that no operation needs to look its descriptor up.
 * Returns a slot for mpr_uring_use_file(), or negative errno: then the descriptor can
 * be used as it is. The file stays open until the slot is removed, even when the
 * descriptor is closed.
 */
int mpr_uring_add_file(struct mpr_uring *ring, int fd);
/* No operation on the slot is in flight. A negative slot is ignored. */
void mpr_uring_remove_file(struct mpr_uring *ring, int slot);

/*
 * Keeps a file open until the kernel has ended every operation of the ring, even after
 * this process has exited: the peer of a socket sees it hang up only then. Cannot be
 * undone. 0 or negative errno.
 */
int mpr_uring_keep_file(struct mpr_uring *ring, int fd);

/* Has a prepared entry use the registered file of the slot; a negative slot is ignored. */
static inline void mpr_uring_use_file(struct io_uring_sqe *sqe, int slot)
{
	if (slot < 0)
		return;
	sqe->fd = slot;
	sqe->flags |= IOSQE_FIXED_FILE;
}

/*
 * Registers memory, so that direct I/O to and from it does not look up and pin its
 * pages each time. All of it is allocated and pinned at once and counts against
 * RLIMIT_MEMLOCK, whose soft limit is raised to the hard one if need be. It must stay
 * mapped until it is removed, and must not overlap what is registered. 0, or negative
 * errno and nothing changed: -ENOMEM: over the limit; -EFAULT: not writable;
 * -EOPNOTSUPP: of a kind that the kernel does not pin for long; -ENOSPC: too many
 * pieces.
 */
int mpr_uring_add_memory(struct mpr_uring *ring, void *base, size_t len);
/* Removes what was added at that address; no operation on it may be in flight. An
 * address at which nothing was added is ignored. */
void mpr_uring_remove_memory(struct mpr_uring *ring, const void *base);

/*
 * The index (sqe->buf_index of the *_FIXED operations) of the one registered buffer
 * that holds all bytes of the elements; negative: none does.
 */
int mpr_uring_find_memory(const struct mpr_uring *ring, const struct iovec *iov, unsigned niov);
/* Whether the kernel has such operations for more than one element (Linux 6.15). */
bool mpr_uring_has_fixed_vectors(const struct mpr_uring *ring);
/* IORING_OP_READV_FIXED and WRITEV_FIXED, which older headers do not name. */
#define MPR_URING_READV_FIXED 60
#define MPR_URING_WRITEV_FIXED 61

const struct mpr_uring_stats *mpr_uring_stats(const struct mpr_uring *ring);

#endif

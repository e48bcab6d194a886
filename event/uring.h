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
 * -EPERM the kernel forbids io_uring (sysctl kernel.io_uring_disabled). The
 * ring belongs to the calling thread for good. */
int mpr_uring_create(unsigned entries, struct mpr_uring **ring);

/* The same, but a thread of the kernel's takes the submission entries: to
 * submit costs no system call while that thread is awake, and a processor. It
 * sleeps after MPR_URING_SQPOLL_IDLE_MS without work. */
int mpr_uring_create_sqpoll(unsigned entries, struct mpr_uring **ring);
#define MPR_URING_SQPOLL_IDLE_MS 10

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
 * Calls fn for completions that are there now, at most MPR_URING_BATCH of each
 * ring. Returns how many; 0: there is none. Made for polling: there is a system
 * call, which does not block, only when no completion is there and the kernel
 * flags, in memory that it shares with us, that it has some for which it needs
 * the thread to enter. What mpr_uring_submit() or _wait() brought along costs
 * none. Reap, then submit, in turns: so the answers to a few completions are on
 * their way before the next are fetched, where fetching all of them first would
 * let the disk run dry.
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
 * A second ring, made at the first call, that belongs to `ring` and is served
 * and destroyed with it: only its submission entries are its own. It polls for
 * completions (IORING_SETUP_IOPOLL): it takes only reads and writes of files
 * open for direct I/O, and ends them with -EOPNOTSUPP where the device has no
 * queues to be polled. 0 or negative errno.
 */
int mpr_uring_polled(struct mpr_uring *ring, struct mpr_uring **polled);

/*
 * Registers an open file, so that an operation need not look it up. Returns a
 * slot, for mpr_uring_use_file(); or negative errno, and the descriptor is
 * used as it is. The file stays open until the slot is given back, whoever
 * closes it.
 */
int mpr_uring_add_file(struct mpr_uring *ring, int fd);
/* No operation on the slot is in flight. A negative slot is ignored. */
void mpr_uring_remove_file(struct mpr_uring *ring, int slot);

/*
 * Keeps an open file open until the kernel has ended every operation of the ring, also
 * when this process has gone meanwhile: whoever is at the other end of a socket
 * hears of its end only then. For good. 0 or negative errno.
 */
int mpr_uring_keep_file(struct mpr_uring *ring, int fd);

/* Makes a prepared entry work on the file of the slot, unless it is negative. */
static inline void mpr_uring_use_file(struct io_uring_sqe *sqe, int slot)
{
	if (slot < 0)
		return;
	sqe->fd = slot;
	sqe->flags |= IOSQE_FIXED_FILE;
}

/*
 * Registers memory, so that reading into it and writing from it with direct
 * I/O need not find and pin its pages each time. All of it is allocated and
 * pinned at once, and counts against RLIMIT_MEMLOCK, whose soft limit is raised
 * if need be. It must stay mapped until it is removed, and overlap nothing that
 * is registered. 0, or negative errno and nothing changed: -ENOMEM: the limit;
 * -EFAULT: it is not writable; -EOPNOTSUPP: it is of a kind that the kernel does
 * not pin for long; -ENOSPC: too many pieces.
 */
int mpr_uring_add_memory(struct mpr_uring *ring, void *base, size_t len);
/* What was added at that address; no operation on it is in flight. What was
 * not added is ignored. */
void mpr_uring_remove_memory(struct mpr_uring *ring, const void *base);

/*
 * The index (sqe->buf_index of the *_FIXED operations) of the registered buffer
 * in which all bytes of the elements lie; negative: there is none.
 */
int mpr_uring_find_memory(const struct mpr_uring *ring, const struct iovec *iov, unsigned niov);
/* Whether there are such operations with more than one element (Linux 6.15). */
bool mpr_uring_has_fixed_vectors(const struct mpr_uring *ring);
/* IORING_OP_READV_FIXED and WRITEV_FIXED, which older headers do not name. */
#define MPR_URING_READV_FIXED 60
#define MPR_URING_WRITEV_FIXED 61

const struct mpr_uring_stats *mpr_uring_stats(const struct mpr_uring *ring);

#endif

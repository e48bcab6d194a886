/* SPDX-License-Identifier: MIT */
#include "blk/uring.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

/* Room for the completions of several submission queues: multishot operations
 * and long reap intervals must not overflow it. */
#define CQ_PER_SQ 4

/* Longer than any machine stays up, and far from overflowing the kernel's
 * nanosecond clock. */
#define FOREVER_SECONDS 1000000000

struct mpr_uring {
	struct io_uring ring;
	struct mpr_uring_stats stats;
};

/*
 * Set-up flags, best first. Deferred task work (Linux 6.1) is run when the
 * thread enters the kernel to wait or because it saw IORING_SQ_TASKRUN: the
 * kernel never interrupts the thread, which on virtual hardware costs far more
 * than the system call. Cooperative task work (5.19) is the next best.
 */
static const unsigned setup_flags[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	0,
};

static int setup(unsigned entries, struct io_uring *ring)
{
	int err = -EINVAL;

	for (size_t i = 0; i < sizeof(setup_flags) / sizeof(setup_flags[0]) && err == -EINVAL;
	     i++) {
		struct io_uring_params params = {
			.flags = setup_flags[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
			.cq_entries = CQ_PER_SQ * entries,
		};

		err = io_uring_queue_init_params(entries, ring, &params);
	}
	return err;
}

int mpr_uring_create(unsigned entries, struct mpr_uring **out)
{
	struct mpr_uring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	err = setup(entries, &ring->ring);
	if (err < 0)
		goto fail;
	if (!(ring->ring.features & IORING_FEAT_EXT_ARG)) {
		io_uring_queue_exit(&ring->ring);
		err = -ENOSYS;
		goto fail;
	}
	*out = ring;
	return 0;
fail:
	free(ring);
	return err;
}

void mpr_uring_destroy(struct mpr_uring *ring)
{
	if (!ring)
		return;
	io_uring_queue_exit(&ring->ring);
	free(ring);
}

int mpr_uring_submit(struct mpr_uring *ring)
{
	while (io_uring_sq_ready(&ring->ring)) {
		int n = io_uring_submit(&ring->ring);

		ring->stats.enters++;
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? n : -EAGAIN;
		ring->stats.submitted += n;
	}
	return 0;
}

struct io_uring_sqe *mpr_uring_sqe(struct mpr_uring *ring, struct mpr_uring_op *op)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&ring->ring))) {
		if (mpr_uring_submit(ring))
			sched_yield();
	}
	io_uring_sqe_set_data(sqe, op);
	return sqe;
}

/* Acquire: pairs with the kernel's setting of the flag after it queued the work. */
static bool kernel_has_work(const struct mpr_uring *ring)
{
	unsigned flags = __atomic_load_n(ring->ring.sq.kflags, __ATOMIC_ACQUIRE);

	return flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

unsigned mpr_uring_reap(struct mpr_uring *ring)
{
	unsigned count;

	if (kernel_has_work(ring)) {
		io_uring_get_events(&ring->ring);
		ring->stats.enters++;
	}
	count = io_uring_cq_ready(&ring->ring);
	for (unsigned i = 0; i < count; i++) {
		struct io_uring_cqe *cqe;
		struct mpr_uring_op *op;
		int32_t res;
		uint32_t flags;

		if (io_uring_peek_cqe(&ring->ring, &cqe))
			return i;
		op = io_uring_cqe_get_data(cqe);
		res = cqe->res;
		flags = cqe->flags;
		io_uring_cqe_seen(&ring->ring, cqe);
		ring->stats.completions++;
		op->fn(op, res, flags);
	}
	return count;
}

static struct __kernel_timespec timespec_of(uint64_t ns)
{
	struct __kernel_timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	if (ts.tv_sec > FOREVER_SECONDS)
		ts.tv_sec = FOREVER_SECONDS;
	return ts;
}

int mpr_uring_wait(struct mpr_uring *ring, uint64_t timeout_ns)
{
	struct __kernel_timespec ts = timespec_of(timeout_ns);
	struct io_uring_cqe *cqe;
	unsigned queued = io_uring_sq_ready(&ring->ring);
	int ret;

	/* liburing enters once exactly when there is something to submit or
	 * nothing to reap; with a timeout it never enters twice. */
	if (!queued && io_uring_cq_ready(&ring->ring))
		return 0;
	ret = io_uring_submit_and_wait_timeout(&ring->ring, &cqe, 1, &ts, NULL);
	ring->stats.enters++;
	ring->stats.submitted += queued - io_uring_sq_ready(&ring->ring);
	return ret == -EINTR || ret == -ETIME || ret > 0 ? 0 : ret;
}

const struct mpr_uring_stats *mpr_uring_stats(const struct mpr_uring *ring)
{
	return &ring->stats;
}

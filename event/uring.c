/* SPDX-License-Identifier: MIT */
#include "event/uring_internal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

/* Completion entries for each submission entry: multishot operations complete more than
 * once, and between two reaps several submission queues can complete. */
#define CQ_PER_SQ 4

/* Longer than any machine stays up, and far from overflowing the kernel's
 * nanosecond clock. */
#define FOREVER_SECONDS 1000000000

/*
 * Set-up flags, best first. Deferred task work (Linux 6.1) runs when the thread enters
 * the kernel, to wait or because it saw IORING_SQ_TASKRUN. So the kernel never sends the
 * thread an inter-processor interrupt, which in a virtual machine costs far more than
 * the system call. Cooperative task work (5.19) is the next best.
 */
static const unsigned ordinary_flags[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	0,
};
/* The kernel thread runs the task work, too. */
static const unsigned sqpoll_flags[] = {
	IORING_SETUP_SQPOLL | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER,
	IORING_SETUP_SQPOLL,
	0,
};
static const unsigned iopoll_flags[] = {
	IORING_SETUP_IOPOLL | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER,
	IORING_SETUP_IOPOLL,
	0,
};

static int setup(unsigned entries, const unsigned *flags, struct io_uring *ring)
{
	int err;

	do {
		struct io_uring_params params = {
			.flags = *flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
			.cq_entries = CQ_PER_SQ * entries,
			.sq_thread_idle = MPR_URING_SQPOLL_IDLE_MS,
		};

		err = io_uring_queue_init_params(entries, ring, &params);
	} while (err == -EINVAL && *flags++);
	return err;
}

static bool probe_fixed_vectors(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool found = probe && io_uring_opcode_supported(probe, MPR_URING_READV_FIXED);

	io_uring_free_probe(probe);
	return found;
}

static int create(unsigned entries, const unsigned *flags, struct mpr_uring **out)
{
	struct mpr_uring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	err = setup(entries, flags, &ring->ring);
	if (err < 0)
		goto fail;
	if (!(ring->ring.features & IORING_FEAT_EXT_ARG)) {
		io_uring_queue_exit(&ring->ring);
		err = -ENOSYS;
		goto fail;
	}
	/* Spares each system call the look-up of the descriptor; optional. */
	(void)io_uring_register_ring_fd(&ring->ring);
	ring->fixed_vectors = probe_fixed_vectors(&ring->ring);
	ring->stats = &ring->own_stats;
	*out = ring;
	return 0;
fail:
	free(ring);
	return err;
}

int mpr_uring_create(unsigned entries, struct mpr_uring **ring)
{
	return create(entries, ordinary_flags, ring);
}

int mpr_uring_create_sqpoll(unsigned entries, struct mpr_uring **ring)
{
	return create(entries, sqpoll_flags, ring);
}

static int create_polled(struct mpr_uring *ring)
{
	struct mpr_uring *polled;
	int err = create(ring->ring.sq.ring_entries, iopoll_flags, &polled);

	if (err)
		return err;
	err = mpr_uring_copy_memory(polled, ring);
	if (err) {
		mpr_uring_destroy(polled);
		return err;
	}
	polled->stats = ring->stats;
	ring->polled = polled;
	return 0;
}

int mpr_uring_polled(struct mpr_uring *ring, struct mpr_uring **polled)
{
	int err = ring->polled ? 0 : create_polled(ring);

	*polled = ring->polled;
	return err;
}

void mpr_uring_destroy(struct mpr_uring *ring)
{
	if (!ring)
		return;
	mpr_uring_destroy(ring->polled);
	io_uring_queue_exit(&ring->ring);
	free(ring);
}

/* ---- Submission --------------------------------------------------------- */

static bool has_flag(const struct mpr_uring *ring, unsigned setup_flag)
{
	return ring->ring.flags & setup_flag;
}

static void count_submitted(struct mpr_uring *ring, unsigned n)
{
	ring->queued -= n;
	ring->in_flight += n;
	ring->stats->submitted += n;
}

/* The kernel thread takes the entries; liburing wakes it if it sleeps. */
static int submit_to_thread(struct mpr_uring *ring)
{
	/* Relaxed: pairs with nothing. What is seen here is only counted; liburing reads
	 * the flag again, behind the fence that orders it after the new tail. */
	unsigned flags = __atomic_load_n(ring->ring.sq.kflags, __ATOMIC_RELAXED);
	int n;

	if (!ring->queued)
		return 0;
	n = io_uring_submit(&ring->ring);
	ring->stats->enters += !!(flags & IORING_SQ_NEED_WAKEUP);
	if (n < 0)
		return n;
	count_submitted(ring, ring->queued);
	return 0;
}

static int submit(struct mpr_uring *ring)
{
	while (io_uring_sq_ready(&ring->ring)) {
		int n = io_uring_submit_and_get_events(&ring->ring);

		ring->stats->enters++;
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? n : -EAGAIN;
		count_submitted(ring, (unsigned)n);
	}
	return 0;
}

int mpr_uring_submit(struct mpr_uring *ring)
{
	int err = 0;

	if (ring->polled)
		err = submit(ring->polled);
	if (err)
		return err;
	return has_flag(ring, IORING_SETUP_SQPOLL) ? submit_to_thread(ring) : submit(ring);
}

static void make_room(struct mpr_uring *ring)
{
	int err = mpr_uring_submit(ring);

	if (has_flag(ring, IORING_SETUP_SQPOLL)) {
		(void)io_uring_sqring_wait(&ring->ring);
		ring->stats->enters++;
	} else if (err) {
		sched_yield();
	}
}

struct io_uring_sqe *mpr_uring_sqe(struct mpr_uring *ring, struct mpr_uring_op *op)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&ring->ring)))
		make_room(ring);
	ring->queued++;
	io_uring_sqe_set_data(sqe, op);
	return sqe;
}

/* ---- Completion --------------------------------------------------------- */

/* Acquire: pairs with the kernel's store of the flag after it queued the work. Without
 * it the thread might enter before it sees the work, and find none. */
static bool kernel_has_work(const struct mpr_uring *ring)
{
	unsigned flags = __atomic_load_n(ring->ring.sq.kflags, __ATOMIC_ACQUIRE);

	return flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

static void get_events(struct mpr_uring *ring)
{
	io_uring_get_events(&ring->ring);
	ring->stats->enters++;
}

static unsigned call_back(struct mpr_uring *ring)
{
	unsigned count = io_uring_cq_ready(&ring->ring);

	if (count > MPR_URING_BATCH)
		count = MPR_URING_BATCH;
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
		ring->in_flight--;
		ring->stats->completions++;
		op->fn(op, res, flags);
	}
	return count;
}

/* With IOPOLL operations complete only while the kernel is asked, each once. */
static unsigned reap_polled(struct mpr_uring *ring)
{
	if (ring->in_flight && !io_uring_cq_ready(&ring->ring))
		get_events(ring);
	return call_back(ring);
}

unsigned mpr_uring_reap(struct mpr_uring *ring)
{
	unsigned count = ring->polled ? reap_polled(ring->polled) : 0;

	if (!io_uring_cq_ready(&ring->ring) && kernel_has_work(ring))
		get_events(ring);
	return count + call_back(ring);
}

static struct __kernel_timespec timespec_of(uint64_t ns)
{
	struct __kernel_timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	if (ts.tv_sec > FOREVER_SECONDS)
		ts.tv_sec = FOREVER_SECONDS;
	return ts;
}

/* Exactly one system call: liburing enters once when it waits. */
static int submit_and_wait(struct mpr_uring *ring, uint64_t timeout_ns)
{
	struct __kernel_timespec ts = timespec_of(timeout_ns);
	struct io_uring_cqe *cqe;
	int ret;

	/* Without a timeout the kernel need not set a timer up. */
	if (timeout_ns == UINT64_MAX)
		ret = io_uring_submit_and_wait(&ring->ring, 1);
	else
		ret = io_uring_submit_and_wait_timeout(&ring->ring, &cqe, 1, &ts, NULL);
	ring->stats->enters++;
	return ret == -EINTR || ret == -ETIME || ret > 0 ? 0 : ret;
}

int mpr_uring_wait(struct mpr_uring *ring, uint64_t timeout_ns)
{
	bool thread = has_flag(ring, IORING_SETUP_SQPOLL);
	int err = 0;

	if (thread || ring->polled)
		err = mpr_uring_submit(ring);
	if (err || (ring->polled && ring->polled->in_flight))
		return err;
	if (!ring->queued && io_uring_cq_ready(&ring->ring))
		return 0;
	err = submit_and_wait(ring, timeout_ns);
	if (!thread)
		count_submitted(ring, ring->queued - io_uring_sq_ready(&ring->ring));
	return err;
}

const struct mpr_uring_stats *mpr_uring_stats(const struct mpr_uring *ring)
{
	return ring->stats;
}

/* SPDX-License-Identifier: MIT */
/* Proves that mpr_uring delivers every completion once, and that it enters the
 * kernel exactly as often as its statistics say. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "event/uring.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

struct counted_op {
	struct mpr_uring_op op;
	unsigned calls;
	int32_t res;
};

static void counted(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct counted_op *counted_op = (struct counted_op *)op;

	(void)flags;
	counted_op->calls++;
	counted_op->res = res;
}

static struct mpr_uring *create(unsigned entries)
{
	struct mpr_uring *ring;

	assert_int_equal(mpr_uring_create(entries, &ring), 0);
	return ring;
}

UNIT_TEST(sixteen_reads_are_one_enter)
{
	struct mpr_uring *ring = create(32);
	const struct mpr_uring_stats *stats = mpr_uring_stats(ring);
	struct counted_op ops[16] = {0};
	static char buf[16][512];
	char *path = image_create(16 * 512);
	int fd = open(path, O_RDONLY);
	unsigned reaped = 0;

	for (unsigned i = 0; i < 16; i++) {
		ops[i].op.fn = counted;
		io_uring_prep_read(mpr_uring_sqe(ring, &ops[i].op), fd, buf[i], 512, i * 512);
	}
	assert_int_equal(stats->enters, 0);
	assert_int_equal(mpr_uring_submit(ring), 0);
	assert_int_equal(stats->enters, 1);
	assert_int_equal(stats->submitted, 16);
	while (reaped < 16)
		reaped += mpr_uring_reap(ring);
	assert_int_equal(stats->completions, 16);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(ops[i].calls, 1);
		assert_int_equal(ops[i].res, 512);
		assert_int_equal((uint8_t)buf[i][7], image_byte(i * 512 + 7));
	}
	mpr_uring_destroy(ring);
	close(fd);
	image_remove(path);
}

UNIT_TEST(idle_calls_do_not_enter)
{
	struct mpr_uring *ring = create(8);

	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(mpr_uring_reap(ring), 0);
		assert_int_equal(mpr_uring_submit(ring), 0);
	}
	assert_int_equal(mpr_uring_stats(ring)->enters, 0);
	mpr_uring_destroy(ring);
}

UNIT_TEST(submit_and_wait_is_one_enter)
{
	struct mpr_uring *ring = create(8);
	struct counted_op op = {.op.fn = counted};

	io_uring_prep_nop(mpr_uring_sqe(ring, &op.op));
	assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
	assert_int_equal(mpr_uring_stats(ring)->enters, 1);
	assert_int_equal(op.calls, 0);
	assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0); /* it is still there */
	assert_int_equal(mpr_uring_stats(ring)->enters, 1);
	assert_int_equal(mpr_uring_reap(ring), 1);
	assert_int_equal(op.calls, 1);
	mpr_uring_destroy(ring);
}

UNIT_TEST(wait_ends_at_its_timeout)
{
	struct mpr_uring *ring = create(8);

	assert_int_equal(mpr_uring_wait(ring, 0), 0);
	assert_int_equal(mpr_uring_wait(ring, 2000000), 0);
	assert_int_equal(mpr_uring_stats(ring)->enters, 2);
	assert_int_equal(mpr_uring_reap(ring), 0);
	mpr_uring_destroy(ring);
}

static void on_alarm(int sig)
{
	(void)sig;
}

UNIT_TEST(wait_ends_at_a_signal)
{
	struct mpr_uring *ring = create(8);
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerspec soon = {.it_value.tv_nsec = 5000000, .it_interval.tv_nsec = 5000000};
	timer_t timer;

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
	assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
	timer_delete(timer);
	mpr_uring_destroy(ring);
}

/* The event loop polls, and something outside completes an operation. */
UNIT_TEST(polling_sees_an_event_from_outside)
{
	struct mpr_uring *ring = create(8);
	struct counted_op op = {.op.fn = counted};
	int fd = eventfd(0, EFD_CLOEXEC);

	io_uring_prep_poll_add(mpr_uring_sqe(ring, &op.op), fd, POLLIN);
	assert_int_equal(mpr_uring_submit(ring), 0);
	assert_int_equal(mpr_uring_reap(ring), 0);
	assert_int_equal(eventfd_write(fd, 1), 0);
	while (!op.calls)
		mpr_uring_reap(ring);
	assert_true(op.res & POLLIN);
	mpr_uring_destroy(ring);
	close(fd);
}

UNIT_TEST(a_full_queue_is_submitted)
{
	struct mpr_uring *ring = create(4);
	struct counted_op op = {.op.fn = counted};

	for (unsigned i = 0; i < 10; i++)
		io_uring_prep_nop(mpr_uring_sqe(ring, &op.op));
	assert_int_equal(mpr_uring_stats(ring)->submitted, 8);
	assert_int_equal(mpr_uring_stats(ring)->enters, 2);
	assert_int_equal(mpr_uring_submit(ring), 0);
	while (op.calls < 10)
		mpr_uring_reap(ring);
	mpr_uring_destroy(ring);
}

/* More completions than the completion queue holds wait in the kernel. */
UNIT_TEST(no_completion_is_lost_when_the_queue_overflows)
{
	struct mpr_uring *ring = create(4);
	struct counted_op op = {.op.fn = counted};

	for (unsigned i = 0; i < 100; i++)
		io_uring_prep_nop(mpr_uring_sqe(ring, &op.op));
	assert_int_equal(mpr_uring_submit(ring), 0);
	while (op.calls < 100)
		mpr_uring_reap(ring);
	assert_int_equal(mpr_uring_reap(ring), 0);
	assert_int_equal(mpr_uring_stats(ring)->completions, 100);
	mpr_uring_destroy(ring);
}

struct chained_op {
	struct mpr_uring_op op;
	struct mpr_uring *ring;
	unsigned left;
};

static void chain(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct chained_op *chained = (struct chained_op *)op;

	(void)res;
	(void)flags;
	if (--chained->left)
		io_uring_prep_nop(mpr_uring_sqe(chained->ring, op));
}

UNIT_TEST(a_completion_may_queue_the_next)
{
	struct mpr_uring *ring = create(4);
	struct chained_op op = {.op.fn = chain, .ring = ring, .left = 50};

	io_uring_prep_nop(mpr_uring_sqe(ring, &op.op));
	while (op.left) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
	assert_int_equal(mpr_uring_stats(ring)->enters, 50);
	mpr_uring_destroy(ring);
}

UNIT_TEST(completions_that_are_there_are_reaped_in_batches)
{
	struct mpr_uring *ring = create(32);
	struct counted_op op = {.op.fn = counted};

	for (unsigned i = 0; i < 2 * MPR_URING_BATCH; i++)
		io_uring_prep_nop(mpr_uring_sqe(ring, &op.op));
	assert_int_equal(mpr_uring_submit(ring), 0);
	assert_int_equal(mpr_uring_reap(ring), MPR_URING_BATCH);
	assert_int_equal(mpr_uring_reap(ring), MPR_URING_BATCH);
	assert_int_equal(mpr_uring_reap(ring), 0);
	assert_int_equal(mpr_uring_stats(ring)->enters, 1);
	mpr_uring_destroy(ring);
}

UNIT_TEST(kernel_thread_submits)
{
	struct mpr_uring *ring;
	struct counted_op op = {.op.fn = counted};
	int err = mpr_uring_create_sqpoll(4, &ring);

	if (err == -EPERM) {
		print_message("# SQPOLL is not allowed here\n");
		skip();
	}
	assert_int_equal(err, 0);
	for (unsigned i = 0; i < 100; i++)
		io_uring_prep_nop(mpr_uring_sqe(ring, &op.op));
	while (op.calls < 100) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
	assert_int_equal(mpr_uring_stats(ring)->submitted, 100);
	assert_int_equal(mpr_uring_stats(ring)->completions, 100);
	mpr_uring_destroy(ring);
}

UNIT_TEST(polled_ring_is_served_with_the_other)
{
	struct mpr_uring *ring = create(8), *polled, *same;
	struct counted_op ops[2] = {{.op.fn = counted}, {.op.fn = counted}};
	char *path = image_create(4096);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[512];

	assert_int_equal(mpr_uring_polled(ring, &polled), 0);
	assert_int_equal(mpr_uring_polled(ring, &same), 0);
	assert_ptr_equal(polled, same);
	/* A file that is not open for direct I/O cannot be polled. */
	io_uring_prep_read(mpr_uring_sqe(polled, &ops[0].op), fd, buf, sizeof(buf), 0);
	io_uring_prep_nop(mpr_uring_sqe(ring, &ops[1].op));
	while (!ops[0].calls || !ops[1].calls) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
	assert_int_equal(ops[0].res, -EOPNOTSUPP);
	assert_int_equal(ops[1].res, 0);
	assert_int_equal(mpr_uring_stats(ring)->completions, 2);
	mpr_uring_destroy(ring);
	close(fd);
	image_remove(path);
}

/* A mixture of everything, in a traced child; exits with the statistics. */
static void mixed_work(int result_fd)
{
	struct mpr_uring *ring;
	struct counted_op ops[64];
	unsigned calls = 0;
	int fd = eventfd(0, EFD_CLOEXEC);

	if (mpr_uring_create(16, &ring))
		_exit(1);
	memset(ops, 0, sizeof(ops));
	for (unsigned i = 0; i < 64; i++) {
		ops[i].op.fn = counted;
		if (i % 3 == 0)
			io_uring_prep_poll_add(mpr_uring_sqe(ring, &ops[i].op), fd, POLLIN);
		else
			io_uring_prep_nop(mpr_uring_sqe(ring, &ops[i].op));
		if (i % 7 == 0)
			mpr_uring_wait(ring, 0);
		if (i % 5 == 0)
			calls += mpr_uring_reap(ring);
	}
	mpr_uring_submit(ring);
	eventfd_write(fd, 1);
	while (calls < 64)
		calls += mpr_uring_reap(ring);
	mpr_uring_wait(ring, 1000);
	if (write(result_fd, mpr_uring_stats(ring), sizeof(struct mpr_uring_stats)) < 0)
		_exit(1);
	_exit(0);
}

/* Follows the child to its end and counts its io_uring_enter system calls. */
static uint64_t count_enters(pid_t child)
{
	uint64_t enters = 0;
	int status;

	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			struct __ptrace_syscall_info info;

			ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
			enters += info.op == PTRACE_SYSCALL_INFO_ENTRY &&
				  info.entry.nr == SYS_io_uring_enter;
		}
		ptrace(PTRACE_SYSCALL, child, 0, 0);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return enters;
}

UNIT_TEST(statistics_count_the_system_calls)
{
	struct mpr_uring_stats stats;
	int fds[2], status;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(77);
		raise(SIGSTOP);
		mixed_work(fds[1]);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(fds[1]);
	if (WIFEXITED(status)) {
		print_message("# processes may not be traced here\n");
		close(fds[0]);
		skip();
	}
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, child, 0, 0);
	uint64_t enters = count_enters(child);

	assert_int_equal(read(fds[0], &stats, sizeof(stats)), sizeof(stats));
	close(fds[0]);
	assert_int_equal(stats.enters, enters);
	assert_int_equal(stats.submitted, 64);
	assert_int_equal(stats.completions, 64);
}

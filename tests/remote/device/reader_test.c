/* SPDX-License-Identifier: MIT */
/*
 * Proves that a read looks for its answer as long as mpr_proxy_set_poll() says, and then
 * sleeps. The clock is the test's: it advances by a microsecond whenever it is read, and
 * the remote, which is stopped, answers at a time of the test's choice.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ring/channel.h"
#include "tests/remote/harness.h"

/* The clock of the reader's thread, while a read is measured. */
static struct {
	struct vmm *vmm;		   /* NULL: the real clock */
	uint64_t now, begin, answer_after; /* microseconds */
	uint64_t replied;		   /* before the read */
} clock_of_test;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

static uint64_t replies(const struct vmm *vmm)
{
	struct mpr_channel_stats stats;

	mpr_proxy_stats(vmm->device, &stats);
	return stats.replied;
}

/* Returns when the answer is there. */
static void let_answer(const struct vmm *vmm)
{
	assert_int_equal(kill(vmm->remote.pid, SIGCONT), 0);
	while (replies(vmm) == clock_of_test.replied)
		usleep(100);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (!clock_of_test.vmm)
		return __real_clock_gettime(id, ts);
	clock_of_test.now++;
	if (clock_of_test.now - clock_of_test.begin == clock_of_test.answer_after)
		let_answer(clock_of_test.vmm);
	*ts = (struct timespec){.tv_sec = 1 + clock_of_test.now / 1000000,
				.tv_nsec = clock_of_test.now % 1000000 * 1000};
	return 0;
}

static void stop(const struct vmm *vmm)
{
	int status;

	assert_int_equal(kill(vmm->remote.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(vmm->remote.pid, &status, WUNTRACED), vmm->remote.pid);
	assert_true(WIFSTOPPED(status));
}

/* How often a reader slept that looks for `poll_us` and is answered once it has read the
 * clock `answer_after` times. */
static uint64_t sleeps(struct vmm *vmm, uint32_t poll_us, uint64_t answer_after)
{
	struct mpr_channel_stats before, after;

	mpr_proxy_set_poll(vmm->device, poll_us);
	mpr_proxy_stats(vmm->device, &before);
	stop(vmm);
	clock_of_test.replied = replies(vmm);
	clock_of_test.begin = clock_of_test.now;
	clock_of_test.answer_after = answer_after;
	clock_of_test.vmm = vmm;
	(void)get(vmm->device, TEST_SCRATCH);
	clock_of_test.vmm = NULL;
	mpr_proxy_stats(vmm->device, &after);
	return after.reply_sleeps - before.reply_sleeps;
}

UNIT_TEST_WITH(reader_that_may_not_look_sleeps, vmm_setup, vmm_teardown)
{
	assert_int_equal(sleeps(*state, 0, 1), 1);
}

UNIT_TEST_WITH(reader_looks_as_long_as_it_may, vmm_setup, vmm_teardown)
{
	assert_int_equal(sleeps(*state, 20, 20), 0);
	assert_int_equal(sleeps(*state, 20, 21), 1);
	assert_int_equal(sleeps(*state, MPR_PROXY_POLL_US, 50), 0);
	assert_int_equal(sleeps(*state, MPR_PROXY_POLL_US, 51), 1);
}

UNIT_TEST_WITH(more_than_the_longest_is_the_longest, vmm_setup, vmm_teardown)
{
	assert_int_equal(sleeps(*state, 1000000, 50), 0);
	assert_int_equal(sleeps(*state, 1000000, 51), 1);
}

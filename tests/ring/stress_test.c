/* SPDX-License-Identifier: MIT */
/* Proves between two processes, over hundreds of millions of items with random
 * batches, delays and sleeps, that none is lost, torn, doubled or reordered. */
#include "tests/ring/stress.h"

static void stress_processes(uint64_t slots, uint64_t first, uint64_t count)
{
	struct stress_ring ring = {shared_memory(mpr_spsc_size(slots)), slots, first, count};
	pid_t child;

	mpr_spsc_format(ring.memory, slots, first);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		pin(1);
		stress_produce(&ring);
		_exit(0);
	}
	pin(0);
	assert_int_equal(stress_consume(&ring), count);
	expect_success(child);
	munmap(ring.memory, mpr_spsc_size(slots));
}

UNIT_TEST(test_large_ring)
{
	stress_processes(1024, 0, MPR_TEST_COUNT(200000000, 2000000));
}

UNIT_TEST(test_small_ring_that_is_often_full)
{
	stress_processes(16, 0, MPR_TEST_COUNT(50000000, 500000));
}

UNIT_TEST(test_smallest_ring)
{
	stress_processes(2, 0, MPR_TEST_COUNT(10000000, 100000));
}

UNIT_TEST(test_wrap_of_the_numbers_under_load)
{
	uint64_t count = MPR_TEST_COUNT(50000000, 500000);

	stress_processes(64, UINT64_MAX - count / 2, count);
}

UNIT_TEST(test_channel_with_both_sides_asleep_at_times)
{
	struct ends ends = ends_open(64);
	struct mpr_channel_stats stats;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		pin(1);
		_exit(stress_serve(ends.remote) ? 0 : 1);
	}
	pin(0);
	assert_int_equal(stress_drive(ends.proxy, MPR_TEST_COUNT(3000000, 100000)), 0);
	expect_success(child);
	mpr_channel_stats(ends.proxy, &stats);
	printf("# remote slept %lu times, rung %lu times; readers slept %lu times, woken %lu "
	       "times\n",
	       stats.remote_sleeps, stats.doorbells, stats.reply_sleeps, stats.reply_wakes);
	/* Nobody is woken who is not asleep. */
	assert_true(stats.remote_sleeps > 0);
	assert_true(stats.doorbells <= stats.remote_sleeps);
	assert_true(stats.reply_wakes <= stats.reply_sleeps);
	ends_close(&ends);
}

/* SPDX-License-Identifier: MIT */
/* Proves by counting that the proxy is notified of an interrupt only while it does not poll
 * the line, and that no rise is lost. */
#include <pthread.h>
#include <sys/eventfd.h>

#include "tests/ring/fixture.h"

#define SLOTS 16u

/* What a remote does: the level, then the edge if it must. True: told. */
static bool set_line(const struct ends *ends, bool level)
{
	mpr_channel_set_intx(ends->remote, level);
	return mpr_channel_intx_tell(ends->remote, false) == MPR_TELL_NOW;
}

static uint64_t told(const struct ends *ends)
{
	struct mpr_channel_stats stats;

	mpr_channel_stats(ends->proxy, &stats);
	return stats.intx_told;
}

UNIT_TEST(test_every_change_is_told_to_a_proxy_that_says_nothing)
{
	struct ends ends = ends_open(SLOTS);

	for (unsigned i = 1; i <= 10; i++) {
		assert_true(set_line(&ends, true));
		assert_true(set_line(&ends, false));
		assert_int_equal(told(&ends), 2 * i);
	}
	ends_close(&ends);
}

UNIT_TEST(test_one_rise_is_told_for_an_arming)
{
	struct ends ends = ends_open(SLOTS);

	for (unsigned i = 1; i <= 10; i++) {
		assert_false(mpr_channel_intx_arm(ends.proxy, false));
		assert_true(set_line(&ends, true));
		assert_false(set_line(&ends, false));
		assert_false(set_line(&ends, true));
		assert_false(set_line(&ends, false));
		assert_int_equal(told(&ends), i);
	}
	ends_close(&ends);
}

UNIT_TEST(test_nothing_is_told_while_somebody_looks)
{
	struct ends ends = ends_open(SLOTS);

	mpr_channel_intx_look(ends.proxy);
	for (unsigned i = 0; i < 1000; i++) {
		assert_false(set_line(&ends, true));
		assert_true(mpr_channel_intx(ends.proxy));
		assert_false(set_line(&ends, false));
		assert_false(mpr_channel_intx(ends.proxy));
	}
	assert_int_equal(told(&ends), 0);
	ends_close(&ends);
}

UNIT_TEST(test_arming_shows_a_rise_that_was_not_told)
{
	struct ends ends = ends_open(SLOTS);

	mpr_channel_intx_look(ends.proxy);
	assert_false(set_line(&ends, true));
	assert_true(mpr_channel_intx_arm(ends.proxy, false));
	ends_close(&ends);
}

UNIT_TEST(test_a_rise_that_lasts_is_told_to_who_would_have_looked_soon)
{
	struct ends ends = ends_open(SLOTS);

	mpr_channel_intx_arm(ends.proxy, true);
	mpr_channel_set_intx(ends.remote, true);
	assert_int_equal(mpr_channel_intx_tell(ends.remote, false), MPR_TELL_LATER);
	assert_int_equal(mpr_channel_intx_tell(ends.remote, true), MPR_TELL_NOW);
	assert_int_equal(mpr_channel_intx_tell(ends.remote, true), MPR_TELL_NOT);
	assert_int_equal(told(&ends), 1);
	ends_close(&ends);
}

UNIT_TEST(test_a_rise_that_was_seen_soon_is_not_told)
{
	struct ends ends = ends_open(SLOTS);

	mpr_channel_intx_arm(ends.proxy, true);
	mpr_channel_set_intx(ends.remote, true);
	assert_int_equal(mpr_channel_intx_tell(ends.remote, false), MPR_TELL_LATER);
	mpr_channel_intx_look(ends.proxy);
	assert_int_equal(mpr_channel_intx_tell(ends.remote, true), MPR_TELL_NOT);
	assert_int_equal(told(&ends), 0);
	ends_close(&ends);
}

/* ---- Threads ------------------------------------------------------------ */

#define RISES MPR_TEST_COUNT(50000, 2000)

struct line {
	struct ends ends;
	int eventfd;
	uint64_t served;  /* by the guest */
	uint64_t lowered; /* by the device, because of that */
};

static void *raise_often(void *opaque)
{
	struct line *line = opaque;
	uint64_t one = 1;

	for (uint64_t n = 1; n <= RISES; n++) {
		if (set_line(&line->ends, true))
			assert_int_equal(write(line->eventfd, &one, sizeof(one)), sizeof(one));
		/* Acquire: pairs with the release in serve(). */
		while (__atomic_load_n(&line->served, __ATOMIC_ACQUIRE) != n)
			sched_yield();
		assert_false(set_line(&line->ends, false));
		/* Release: pairs with the acquire in serve(). */
		__atomic_store_n(&line->lowered, n, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* Polls for a random while. True: the line is high. */
static bool look(struct mpr_channel *proxy, uint64_t looks)
{
	mpr_channel_intx_look(proxy);
	while (looks-- > 0)
		if (mpr_channel_intx(proxy))
			return true;
	return false;
}

/* The guest's handler: returns when it has made the line fall. */
static void serve(struct line *line)
{
	/* Release: pairs with the acquire in raise_often(). */
	__atomic_store_n(&line->served, line->served + 1, __ATOMIC_RELEASE);
	/* Acquire: pairs with the release in raise_often(). */
	while (__atomic_load_n(&line->lowered, __ATOMIC_ACQUIRE) != line->served)
		sched_yield();
}

UNIT_TEST(test_no_rise_is_lost_between_looking_and_being_told)
{
	struct line line = {.ends = ends_open(SLOTS), .eventfd = eventfd(0, 0)};
	uint64_t seed = 1, value;
	pthread_t thread;

	mpr_channel_intx_arm(line.ends.proxy, false);
	assert_int_equal(pthread_create(&thread, NULL, raise_often, &line), 0);
	while (line.served < RISES) {
		if (look(line.ends.proxy, next_random(&seed) % 64) ||
		    mpr_channel_intx_arm(line.ends.proxy, false))
			serve(&line);
		else
			/* Hangs when the rise was lost. */
			assert_int_equal(read(line.eventfd, &value, sizeof(value)), sizeof(value));
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(line.eventfd);
	ends_close(&line.ends);
}

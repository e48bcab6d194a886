/* SPDX-License-Identifier: MIT */
/* Proves by counting that a side that is awake is not woken, and that one that sleeps is woken
 * once. */
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "ring/wakeup.h"
#include "tests/ring/fixture.h"

#define SLOTS 1024u

static const struct mpr_msg request = {.type = MPR_MSG_WRITE, .size = 4};

/* How often the bell was rung since it was emptied last. */
static int rings(const struct mpr_channel *remote)
{
	int bytes;

	assert_int_equal(ioctl(mpr_channel_doorbell(remote), FIONREAD, &bytes), 0);
	return bytes;
}

static void send_one(struct ends *ends)
{
	assert_true(mpr_channel_send(ends->proxy, &request, NULL));
}

static void receive_all(struct ends *ends)
{
	struct mpr_msg msg;

	while (mpr_channel_receive(ends->remote, &msg))
		mpr_channel_retire(ends->remote);
}

/* The bell's word in the shared memory. */
static volatile uint32_t *bell_of(const struct ends *ends)
{
	return (volatile uint32_t *)(void *)(ends->shared + 256);
}

UNIT_TEST(test_nobody_rings_while_the_remote_is_awake)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats stats;

	for (unsigned i = 0; i < 5000; i++) {
		send_one(&ends);
		receive_all(&ends);
	}
	assert_int_equal(rings(ends.remote), 0);
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.doorbells, 0);
	ends_close(&ends);
}

UNIT_TEST(test_one_ring_for_a_sleep)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats stats;

	for (unsigned sleeps = 1; sleeps <= 20; sleeps++) {
		assert_true(mpr_channel_arm(ends.remote));
		assert_int_equal(rings(ends.remote), 0);
		for (unsigned i = 0; i < 10; i++)
			send_one(&ends);
		assert_int_equal(rings(ends.remote), 1);
		mpr_channel_disarm(ends.remote);
		assert_int_equal(rings(ends.remote), 0);
		send_one(&ends);
		assert_int_equal(rings(ends.remote), 0);
		receive_all(&ends);
		mpr_channel_stats(ends.proxy, &stats);
		assert_int_equal(stats.doorbells, sleeps);
		assert_int_equal(stats.remote_sleeps, sleeps);
	}
	ends_close(&ends);
}

UNIT_TEST(test_bell_is_readable_when_rung)
{
	struct ends ends = ends_open(SLOTS);
	struct pollfd bell = {.fd = mpr_channel_doorbell(ends.remote), .events = POLLIN};

	assert_true(mpr_channel_arm(ends.remote));
	assert_int_equal(poll(&bell, 1, 0), 0);
	send_one(&ends);
	assert_int_equal(poll(&bell, 1, 0), 1);
	mpr_channel_disarm(ends.remote);
	assert_int_equal(poll(&bell, 1, 0), 0);
	ends_close(&ends);
}

UNIT_TEST(test_arming_with_a_request_present_does_not_sleep)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats stats;

	send_one(&ends);
	assert_false(mpr_channel_arm(ends.remote));
	/* Disarmed again: the next request does not ring. */
	send_one(&ends);
	assert_int_equal(rings(ends.remote), 0);
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.doorbells, 0);
	ends_close(&ends);
}

UNIT_TEST(test_disarming_for_another_reason_leaves_no_ring)
{
	struct ends ends = ends_open(SLOTS);

	assert_true(mpr_channel_arm(ends.remote));
	mpr_channel_disarm(ends.remote);
	mpr_channel_disarm(ends.remote);
	send_one(&ends);
	assert_int_equal(rings(ends.remote), 0);
	ends_close(&ends);
}

UNIT_TEST(test_arming_works_from_the_fast_bell)
{
	struct ends ends = ends_open(SLOTS);
	volatile uint32_t *bell = bell_of(&ends);

	/* Busy long enough that the proxy stops fencing, then asleep. */
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 2 * MPR_BELL_BUSY; i++) {
			send_one(&ends);
			receive_all(&ends);
		}
		assert_int_equal(*bell, mpr_barrier_supported() ? MPR_BELL_FAST : MPR_BELL_FENCED);
		assert_true(mpr_channel_arm(ends.remote));
		assert_int_equal(*bell, MPR_BELL_ARMED);
		send_one(&ends);
		assert_int_equal(rings(ends.remote), 1);
		mpr_channel_disarm(ends.remote);
		receive_all(&ends);
	}
	ends_close(&ends);
}

UNIT_TEST(test_bell_that_is_never_emptied_does_not_block_the_proxy)
{
	struct ends ends = ends_open(SLOTS);
	volatile uint32_t *bell = bell_of(&ends);
	struct mpr_msg msg;

	/* A hostile remote: always asleep, never reads, and makes its end of
	 * the bell block. */
	assert_int_equal(fcntl(mpr_channel_doorbell(ends.remote), F_SETFL, 0), 0);
	for (unsigned i = 0; i < 100000; i++) {
		*bell = MPR_BELL_ARMED;
		send_one(&ends);
		assert_true(mpr_channel_receive(ends.remote, &msg));
		mpr_channel_retire(ends.remote);
	}
	assert_true(rings(ends.remote) > 0);
	ends_close(&ends);
}

/* ---- The proxy's futex ------------------------------------------------ */

static const struct mpr_msg read_request = {.type = MPR_MSG_READ, .size = 4};

struct reader {
	struct mpr_channel *proxy;
	uint64_t ticket, value;
	int result;
	pthread_t thread;
};

static void *wait_for_value(void *opaque)
{
	struct reader *reader = opaque;
	struct mpr_msg msg = {0};

	reader->result = mpr_channel_wait_reply(reader->proxy, reader->ticket, &msg, 0, NULL, NULL);
	reader->value = msg.value;
	return NULL;
}

static uint64_t reply_sleeps(const struct mpr_channel *channel)
{
	struct mpr_channel_stats stats;

	mpr_channel_stats(channel, &stats);
	return stats.reply_sleeps;
}

UNIT_TEST(test_answer_to_a_spinning_reader_wakes_nobody)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats stats;
	struct mpr_msg msg;
	uint64_t ticket;

	for (unsigned i = 0; i < 1000; i++) {
		assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
		assert_true(mpr_channel_receive(ends.remote, &msg));
		mpr_channel_complete(ends.remote, i, 0);
		assert_true(mpr_channel_reply(ends.proxy, ticket, &msg));
	}
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.reply_sleeps, 0);
	assert_int_equal(stats.reply_wakes, 0);
	ends_close(&ends);
}

UNIT_TEST(test_every_sleeping_reader_is_woken_with_its_own_answer)
{
	enum { READERS = 4 };
	struct ends ends = ends_open(SLOTS);
	struct reader reader[READERS];
	struct mpr_msg msg;

	for (unsigned i = 0; i < READERS; i++) {
		reader[i] = (struct reader){.proxy = ends.proxy};
		assert_true(mpr_channel_send(ends.proxy, &read_request, &reader[i].ticket));
		assert_int_equal(
			pthread_create(&reader[i].thread, NULL, wait_for_value, &reader[i]), 0);
	}
	while (reply_sleeps(ends.proxy) < READERS)
		usleep(100);
	for (unsigned i = 0; i < READERS; i++) {
		assert_true(mpr_channel_receive(ends.remote, &msg));
		mpr_channel_complete(ends.remote, 1000 + i, 0);
	}
	for (unsigned i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(reader[i].thread, NULL), 0);
		assert_int_equal(reader[i].result, 0);
		assert_int_equal(reader[i].value, 1000 + i);
	}
	ends_close(&ends);
}

/* SPDX-License-Identifier: MIT */
/* Proves the same between threads, where ThreadSanitizer sees both sides; and
 * that several threads may use one proxy's side when sends hold a lock. */
#include <pthread.h>

#include "tests/ring/stress.h"

static void *produce(void *opaque)
{
	stress_produce(opaque);
	return NULL;
}

static void stress_threads(uint64_t slots, uint64_t first, uint64_t count)
{
	struct stress_ring ring = {aligned_alloc(128, mpr_spsc_size(slots)), slots, first, count};
	pthread_t producer;

	assert_non_null(ring.memory);
	mpr_spsc_format(ring.memory, slots, first);
	assert_int_equal(pthread_create(&producer, NULL, produce, &ring), 0);
	assert_int_equal(stress_consume(&ring), count);
	assert_int_equal(pthread_join(producer, NULL), 0);
	free(ring.memory);
}

UNIT_TEST(test_ring_between_threads)
{
	stress_threads(64, 0, MPR_TEST_COUNT(5000000, 300000));
}

UNIT_TEST(test_ring_across_the_wrap)
{
	uint64_t count = MPR_TEST_COUNT(1000000, 100000);

	stress_threads(16, UINT64_MAX - count / 2, count);
}

static void *serve(void *opaque)
{
	return stress_serve(opaque) ? opaque : NULL;
}

UNIT_TEST(test_channel_between_threads)
{
	struct ends ends = ends_open(16);
	pthread_t remote;
	void *good;

	assert_int_equal(pthread_create(&remote, NULL, serve, ends.remote), 0);
	assert_int_equal(stress_drive(ends.proxy, MPR_TEST_COUNT(500000, 30000)), 0);
	assert_int_equal(pthread_join(remote, &good), 0);
	assert_ptr_equal(good, ends.remote);
	ends_close(&ends);
}

/* ---- Several threads on the proxy's side ------------------------------ */

#define READERS 3

struct reader {
	struct mpr_channel *proxy;
	pthread_mutex_t *lock;
	uint64_t number, count, wrong;
	pthread_t thread;
};

/* Answers a read with its own offset. */
static void *echo(void *opaque)
{
	struct mpr_channel *remote = opaque;
	struct mpr_msg msg;

	for (;;) {
		if (!mpr_channel_receive(remote, &msg)) {
			stress_sleep(remote);
			continue;
		}
		mpr_channel_complete(remote, msg.offset, 0);
		if (msg.type == MPR_MSG_RESET)
			return NULL;
	}
}

static uint64_t ask(struct mpr_channel *proxy, pthread_mutex_t *lock, uint8_t type, uint64_t offset)
{
	struct mpr_msg msg = {.type = type, .size = 8, .offset = offset};
	uint64_t ticket;
	bool sent = false;

	while (!sent) {
		pthread_mutex_lock(lock);
		sent = mpr_channel_send(proxy, &msg, &ticket);
		pthread_mutex_unlock(lock);
	}
	mpr_channel_wait_reply(proxy, ticket, &msg, offset % 3 * 1000, NULL, NULL);
	return msg.value;
}

static void *read_own(void *opaque)
{
	struct reader *reader = opaque;

	for (uint64_t i = 0; i < reader->count; i++) {
		uint64_t offset = reader->number << 32 | i;

		reader->wrong += ask(reader->proxy, reader->lock, MPR_MSG_READ, offset) != offset;
	}
	return NULL;
}

UNIT_TEST(test_each_of_several_readers_gets_its_own_answer)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct ends ends = ends_open(16);
	struct reader reader[READERS];
	pthread_t remote;

	assert_int_equal(pthread_create(&remote, NULL, echo, ends.remote), 0);
	for (uint64_t i = 0; i < READERS; i++) {
		reader[i] = (struct reader){.proxy = ends.proxy,
					    .lock = &lock,
					    .number = i,
					    .count = MPR_TEST_COUNT(20000, 3000)};
		assert_int_equal(pthread_create(&reader[i].thread, NULL, read_own, &reader[i]), 0);
	}
	for (unsigned i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(reader[i].thread, NULL), 0);
		assert_int_equal(reader[i].wrong, 0);
	}
	assert_int_equal(ask(ends.proxy, &lock, MPR_MSG_RESET, 7), 7);
	assert_int_equal(pthread_join(remote, NULL), 0);
	ends_close(&ends);
}

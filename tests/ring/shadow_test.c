/* SPDX-License-Identifier: MIT */
/* Proves that the shadow answers exactly the reads that its map allows, only
 * when all requests before have been executed, and never from half an image. */
#include <pthread.h>

#include "ring/layout.h"
#include "tests/ring/fixture.h"

#define SLOTS 16u

/* BAR 0 shows the image once, BAR 1 four times, BAR 3 the first 16 bytes. */
static struct mpr_shadow_map map_without(unsigned hidden)
{
	struct mpr_shadow_map map = {.span = {256, 1024, 0, 16}};

	memset(map.readable, 0xff, sizeof(map.readable));
	map.readable[hidden / 8] &= (uint8_t) ~(1u << hidden % 8);
	return map;
}

static void count_up(uint8_t image[MPR_SHADOW_SIZE], uint8_t first)
{
	for (unsigned i = 0; i < MPR_SHADOW_SIZE; i++)
		image[i] = (uint8_t)(first + i);
}

/* A channel whose shadow's byte i is i; byte 0x42 may not be read. */
static struct ends shadowed_ends(void)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_shadow_map map = map_without(0x42);
	uint8_t image[MPR_SHADOW_SIZE];

	count_up(image, 0);
	mpr_channel_shadow_open(ends.remote, &map, image);
	return ends;
}

static bool answers(const struct ends *ends, unsigned bar, uint64_t offset, unsigned size)
{
	uint64_t value;

	return mpr_channel_shadow_read(ends->proxy, bar, offset, size, &value);
}

static uint64_t value_at(const struct ends *ends, unsigned bar, uint64_t offset, unsigned size)
{
	uint64_t value;

	assert_true(mpr_channel_shadow_read(ends->proxy, bar, offset, size, &value));
	return value;
}

UNIT_TEST(test_channel_without_shadow_answers_nothing)
{
	struct ends ends = ends_open(SLOTS);
	uint8_t image[MPR_SHADOW_SIZE] = {1};

	mpr_channel_shadow_publish(ends.remote, image);
	for (unsigned bar = 0; bar < 8; bar++)
		assert_false(answers(&ends, bar, 0, 1));
	ends_close(&ends);
}

UNIT_TEST(test_every_size_is_little_endian)
{
	struct ends ends = shadowed_ends();

	assert_int_equal(value_at(&ends, 0, 0x13, 1), 0x13);
	assert_int_equal(value_at(&ends, 0, 0x16, 2), 0x1716);
	assert_int_equal(value_at(&ends, 0, 0x14, 4), 0x17161514);
	assert_int_equal(value_at(&ends, 0, 0x10, 8), 0x1716151413121110);
	assert_int_equal(value_at(&ends, 0, 0xff, 1), 0xff);
	ends_close(&ends);
}

UNIT_TEST(test_image_repeats_in_a_larger_bar)
{
	struct ends ends = shadowed_ends();

	for (unsigned copy = 0; copy < 4; copy++)
		assert_int_equal(value_at(&ends, 1, copy * 256 + 0x14, 2), 0x1514);
	assert_false(answers(&ends, 1, 1024, 1));
	ends_close(&ends);
}

UNIT_TEST(test_only_what_the_map_covers_is_answered)
{
	struct ends ends = shadowed_ends();

	assert_false(answers(&ends, 0, 0x42, 1));
	assert_false(answers(&ends, 0, 0x42, 2));
	assert_false(answers(&ends, 0, 0x40, 4));
	assert_false(answers(&ends, 0, 0x40, 8));
	assert_false(answers(&ends, 1, 0x342, 1));
	assert_true(answers(&ends, 0, 0x41, 1));
	assert_true(answers(&ends, 0, 0x43, 1));
	assert_true(answers(&ends, 3, 15, 1));
	assert_false(answers(&ends, 3, 16, 1));
	assert_false(answers(&ends, 2, 0, 1));
	assert_false(answers(&ends, 6, 0, 1));
	assert_false(answers(&ends, 0, UINT64_MAX - 7, 8));
	ends_close(&ends);
}

UNIT_TEST(test_unaligned_reads_are_not_answered)
{
	struct ends ends = shadowed_ends();

	for (unsigned size = 2; size <= 8; size *= 2)
		for (unsigned i = 1; i < size; i++)
			assert_false(answers(&ends, 0, 0x10 + i, size));
	ends_close(&ends);
}

UNIT_TEST(test_nothing_is_answered_before_earlier_requests_are)
{
	const struct mpr_msg write = {.type = MPR_MSG_WRITE, .size = 4};
	struct ends ends = shadowed_ends();
	uint8_t image[MPR_SHADOW_SIZE];
	struct mpr_msg msg;

	count_up(image, 1);
	for (unsigned i = 0; i < 2; i++)
		assert_true(mpr_channel_send(ends.proxy, &write, NULL));
	assert_false(answers(&ends, 0, 0, 1));
	/* One of two is executed. */
	assert_true(mpr_channel_receive(ends.remote, &msg));
	mpr_channel_retire(ends.remote);
	mpr_channel_shadow_publish(ends.remote, image);
	assert_false(answers(&ends, 0, 0, 1));
	/* The other one, too, but its effects are not published. */
	assert_true(mpr_channel_receive(ends.remote, &msg));
	mpr_channel_retire(ends.remote);
	assert_false(answers(&ends, 0, 0, 1));
	image[0] = 77;
	mpr_channel_shadow_publish(ends.remote, image);
	assert_int_equal(value_at(&ends, 0, 0, 1), 77);
	ends_close(&ends);
}

UNIT_TEST(test_reads_count_as_requests)
{
	const struct mpr_msg read = {.type = MPR_MSG_READ, .size = 1, .offset = 0x42};
	struct ends ends = shadowed_ends();
	uint8_t image[MPR_SHADOW_SIZE];
	struct mpr_msg msg;
	uint64_t ticket;

	assert_true(mpr_channel_send(ends.proxy, &read, &ticket));
	assert_true(mpr_channel_receive(ends.remote, &msg));
	mpr_channel_complete(ends.remote, 0, 0);
	assert_true(mpr_channel_reply(ends.proxy, ticket, &msg));
	/* Reading may have changed another register. */
	assert_false(answers(&ends, 0, 0x14, 1));
	count_up(image, 0);
	mpr_channel_shadow_publish(ends.remote, image);
	assert_true(answers(&ends, 0, 0x14, 1));
	ends_close(&ends);
}

UNIT_TEST(test_answers_are_counted)
{
	struct ends ends = shadowed_ends();
	struct mpr_channel_stats stats;

	assert_true(answers(&ends, 0, 0x14, 1));
	assert_false(answers(&ends, 0, 0x42, 1));
	assert_true(answers(&ends, 1, 0x14, 1));
	mpr_channel_stats(ends.remote, &stats);
	assert_int_equal(stats.shadow_reads, 2);
	assert_int_equal(stats.reads, 0);
	ends_close(&ends);
}

static struct mpr_channel_shadow *shadow_of(const struct ends *ends)
{
	struct mpr_channel_shared *shared = (void *)ends->shared;

	return &shared->shadow;
}

UNIT_TEST(test_image_that_is_changing_is_not_read)
{
	struct ends ends = shadowed_ends();
	struct mpr_channel_shadow *shadow = shadow_of(&ends);

	shadow->version++;
	assert_false(answers(&ends, 0, 0, 1));
	shadow->version++;
	assert_true(answers(&ends, 0, 0, 1));
	ends_close(&ends);
}

/* Whatever a remote writes there, reads stay in the image. */
UNIT_TEST(test_hostile_map_shows_only_the_image)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_shadow *shadow = shadow_of(&ends);
	uint64_t value, seed = 1;

	memset(&shadow->map, 0xff, sizeof(shadow->map));
	memset(shadow->image, 0x5a, sizeof(shadow->image));
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t offset = next_random(&seed) >> i % 64;
		unsigned size = 1u << i % 4;

		if (mpr_channel_shadow_read(ends.proxy, i % 8, offset, size, &value))
			assert_int_equal(value, 0x5a5a5a5a5a5a5a5a >> (64 - 8 * size));
	}
	ends_close(&ends);
}

/* ---- Two threads -------------------------------------------------------- */

/* Images whose words are all one number, each announced by memory that is
 * written before, as a device's DMA is. */
struct racing {
	struct ends ends;
	uint64_t memory;
	uint64_t images;
};

static void *publish_images(void *opaque)
{
	struct racing *racing = opaque;
	uint64_t image[MPR_SHADOW_SIZE / 8];

	for (uint64_t n = 1; n <= racing->images; n++) {
		for (unsigned i = 0; i < MPR_SHADOW_SIZE / 8; i++)
			image[i] = n;
		/* Relaxed: ordered by the publication. */
		__atomic_store_n(&racing->memory, n, __ATOMIC_RELAXED);
		mpr_channel_shadow_publish(racing->ends.remote, (const uint8_t *)image);
	}
	return NULL;
}

UNIT_TEST(test_images_are_seen_whole_and_after_what_they_announce)
{
	struct racing racing = {.ends = ends_open(SLOTS), .images = MPR_TEST_COUNT(2000000, 50000)};
	struct mpr_shadow_map map = {.span = {256}};
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	uint64_t value, newest = 0, offset = 0;
	pthread_t thread;

	memset(map.readable, 0xff, sizeof(map.readable));
	mpr_channel_shadow_open(racing.ends.remote, &map, image);
	assert_int_equal(pthread_create(&thread, NULL, publish_images, &racing), 0);
	while (newest < racing.images) {
		/* A word read later is not older, wherever it is. */
		offset = (offset + 8 * 13) % MPR_SHADOW_SIZE;
		if (!mpr_channel_shadow_read(racing.ends.proxy, 0, offset, 8, &value))
			continue;
		assert_true(value >= newest);
		newest = value;
		assert_true(__atomic_load_n(&racing.memory, __ATOMIC_RELAXED) >= newest);
	}
	pthread_join(thread, NULL);
	ends_close(&racing.ends);
}

static void *execute_writes(void *opaque)
{
	struct racing *racing = opaque;
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	struct mpr_msg msg;

	for (uint64_t n = 0; n < racing->images;) {
		if (!mpr_channel_receive(racing->ends.remote, &msg)) {
			sched_yield();
			continue;
		}
		memcpy(image + msg.offset, &msg.value, 8);
		mpr_channel_retire(racing->ends.remote);
		mpr_channel_shadow_publish(racing->ends.remote, image);
		n++;
	}
	return NULL;
}

UNIT_TEST(test_read_after_own_write_sees_it)
{
	struct racing racing = {.ends = ends_open(SLOTS), .images = MPR_TEST_COUNT(300000, 20000)};
	struct mpr_shadow_map map = {.span = {256}};
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	uint64_t value;
	pthread_t thread;

	memset(map.readable, 0xff, sizeof(map.readable));
	mpr_channel_shadow_open(racing.ends.remote, &map, image);
	assert_int_equal(pthread_create(&thread, NULL, execute_writes, &racing), 0);
	for (uint64_t n = 1; n <= racing.images; n++) {
		struct mpr_msg msg = {
			.type = MPR_MSG_WRITE, .size = 8, .offset = n % 32 * 8, .value = n};

		while (!mpr_channel_send(racing.ends.proxy, &msg, NULL))
			sched_yield();
		while (!mpr_channel_shadow_read(racing.ends.proxy, 0, msg.offset, 8, &value))
			sched_yield();
		assert_int_equal(value, n);
	}
	pthread_join(thread, NULL);
	ends_close(&racing.ends);
}

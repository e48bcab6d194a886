/* SPDX-License-Identifier: MIT */
/* Proves that nothing a peer writes into the shared memory is taken for an item
 * or for room that is not there. */
#include "tests/ring/fixture.h"

#define SLOTS 16u

struct fixture {
	struct mpr_spsc_ring *ring;
	struct mpr_spsc_slot *slots;
	struct mpr_spsc_producer p;
	struct mpr_spsc_consumer c;
};

static void start_at(struct fixture *f, uint64_t first)
{
	f->ring = aligned_alloc(128, mpr_spsc_size(SLOTS));
	assert_non_null(f->ring);
	f->slots = (struct mpr_spsc_slot *)(f->ring + 1);
	mpr_spsc_format(f->ring, SLOTS, first);
	mpr_spsc_producer_init(&f->p, f->ring, SLOTS, first);
	mpr_spsc_consumer_init(&f->c, f->ring, SLOTS, first);
}

static void fill(struct fixture *f)
{
	struct item item = {{0}};

	while (mpr_spsc_push(&f->p, &item))
		;
	assert_int_equal(f->p.error, 0);
}

static void expect_refused(uint64_t first, uint64_t position)
{
	struct fixture f;

	start_at(&f, first);
	fill(&f);
	f.ring->consumed = position;
	assert_null(mpr_spsc_reserve(&f.p));
	assert_int_equal(f.p.error, -EPROTO);
	/* It stays so, even when the position becomes possible. */
	f.ring->consumed = first + SLOTS;
	assert_null(mpr_spsc_reserve(&f.p));
	assert_int_equal(f.p.error, -EPROTO);
	free(f.ring);
}

UNIT_TEST(test_position_ahead_of_the_producer_is_refused)
{
	expect_refused(0, SLOTS + 1);
	expect_refused(1000, 1000 + SLOTS + 1);
	expect_refused(UINT64_MAX - 4, UINT64_MAX - 4 + SLOTS + 1);
}

UNIT_TEST(test_position_going_back_is_refused)
{
	expect_refused(0, UINT64_MAX);
	expect_refused(1000, 999);
	expect_refused(UINT64_MAX - 4, UINT64_MAX - 5);
	expect_refused(3, 0);
}

UNIT_TEST(test_wild_positions_are_refused)
{
	uint64_t random = 1;

	for (int i = 0; i < 10000; i++)
		expect_refused(0, next_random(&random) | 32);
}

UNIT_TEST(test_batch_stays_within_room_known_before_the_error)
{
	struct fixture f;
	struct item items[2 * SLOTS] = {{{0}}};

	start_at(&f, 0);
	f.ring->consumed = 12345;
	assert_int_equal(mpr_spsc_push_n(&f.p, items, 2 * SLOTS), SLOTS);
	assert_int_equal(f.p.error, -EPROTO);
	assert_int_equal(mpr_spsc_push_n(&f.p, items, 1), 0);
	free(f.ring);
}

UNIT_TEST(test_garbage_word_is_no_item)
{
	const uint64_t expected = 1;
	const uint64_t garbage[] = {0,
				    2,
				    UINT64_MAX,
				    ~expected,
				    expected + SLOTS,
				    expected - SLOTS,
				    expected << 32,
				    expected | (uint64_t)1 << 63};
	struct fixture f;
	struct item item;

	start_at(&f, 0);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		f.slots[0].seq = garbage[i];
		assert_false(mpr_spsc_pop(&f.c, &item));
	}
	f.slots[0].seq = expected;
	assert_true(mpr_spsc_pop(&f.c, &item));
	free(f.ring);
}

UNIT_TEST(test_words_of_other_slots_are_not_looked_at)
{
	struct fixture f;
	struct item item;

	start_at(&f, 0);
	for (uint64_t i = 1; i < SLOTS; i++)
		f.slots[i].seq = i + 1;
	assert_false(mpr_spsc_pop(&f.c, &item));
	free(f.ring);
}

UNIT_TEST(test_private_state_survives_scribbling)
{
	uint64_t random = 7;
	struct fixture f;
	struct item item;
	uint64_t taken = 0;

	/* Whatever the memory holds, both sides stay inside it (the sanitizers
	 * watch) and neither moves by more than it did itself. */
	start_at(&f, 0);
	for (int round = 0; round < 20000; round++) {
		uint8_t *bytes = (uint8_t *)f.ring;
		uint64_t before = f.c.next;

		bytes[next_random(&random) % mpr_spsc_size(SLOTS)] = (uint8_t)next_random(&random);
		taken += mpr_spsc_pop(&f.c, &item);
		assert_true(f.c.next - before <= 1);
		mpr_spsc_push(&f.p, &item);
		assert_true(f.p.limit - f.p.next <= SLOTS);
	}
	assert_int_equal(f.c.next, taken);
	free(f.ring);
}

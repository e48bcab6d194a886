/* SPDX-License-Identifier: MIT */
/* Proves that the ring keeps items whole and in order, full and empty, alone
 * and in batches, wherever in the 64-bit numbers it is. */
#include "tests/ring/fixture.h"

#define SLOTS 16u

struct fixture {
	void *memory;
	struct mpr_spsc_producer p;
	struct mpr_spsc_consumer c;
};

static void start_at(struct fixture *f, uint64_t first)
{
	f->memory = aligned_alloc(128, mpr_spsc_size(SLOTS));
	assert_non_null(f->memory);
	mpr_spsc_format(f->memory, SLOTS, first);
	mpr_spsc_producer_init(&f->p, f->memory, SLOTS, first);
	mpr_spsc_consumer_init(&f->c, f->memory, SLOTS, first);
}

static void end(struct fixture *f)
{
	free(f->memory);
}

static void expect_push(struct fixture *f, uint64_t n)
{
	struct item item;

	item_fill(&item, n);
	assert_true(mpr_spsc_push(&f->p, &item));
}

static void expect_pop(struct fixture *f, uint64_t n)
{
	struct item item;

	assert_true(mpr_spsc_pop(&f->c, &item));
	assert_true(item_is(&item, n));
}

UNIT_TEST(test_new_ring_is_empty)
{
	struct fixture f;
	struct item item;

	start_at(&f, 0);
	assert_false(mpr_spsc_pop(&f.c, &item));
	assert_null(mpr_spsc_peek(&f.c));
	end(&f);
}

UNIT_TEST(test_items_come_whole_and_in_order)
{
	struct fixture f;

	start_at(&f, 0);
	for (uint64_t n = 0; n < 1000; n++) {
		expect_push(&f, n);
		expect_pop(&f, n);
	}
	end(&f);
}

UNIT_TEST(test_full_ring_refuses)
{
	struct fixture f;
	struct item item = {{0}};

	start_at(&f, 0);
	for (uint64_t n = 0; n < SLOTS; n++)
		expect_push(&f, n);
	assert_false(mpr_spsc_push(&f.p, &item));
	assert_null(mpr_spsc_reserve(&f.p));
	assert_int_equal(f.p.error, 0);
	for (uint64_t n = 0; n < SLOTS; n++)
		expect_pop(&f, n);
	end(&f);
}

UNIT_TEST(test_full_ring_goes_on_when_a_quarter_was_taken)
{
	struct fixture f;
	struct item item = {{0}};

	start_at(&f, 0);
	for (uint64_t n = 0; n < SLOTS; n++)
		expect_push(&f, n);
	for (uint64_t n = 0; n < SLOTS / 4 - 1; n++)
		expect_pop(&f, n);
	assert_false(mpr_spsc_push(&f.p, &item));
	expect_pop(&f, SLOTS / 4 - 1);
	expect_push(&f, SLOTS);
	end(&f);
}

UNIT_TEST(test_published_position_frees_every_slot)
{
	struct fixture f;

	start_at(&f, 0);
	for (uint64_t n = 0; n < SLOTS; n++)
		expect_push(&f, n);
	expect_pop(&f, 0);
	mpr_spsc_publish(&f.c);
	expect_push(&f, SLOTS);
	end(&f);
}

UNIT_TEST(test_numbers_wrap_at_uint64_max)
{
	/* Every distance from the wrap that a ring of 16 can straddle. */
	for (uint64_t before = 0; before <= 2 * SLOTS; before++) {
		struct fixture f;
		struct item item;
		uint64_t first = UINT64_MAX - before;

		start_at(&f, first);
		assert_false(mpr_spsc_pop(&f.c, &item));
		for (uint64_t i = 0; i < 4 * SLOTS; i += SLOTS) {
			for (uint64_t k = 0; k < SLOTS; k++)
				expect_push(&f, first + i + k);
			assert_false(mpr_spsc_push(&f.p, &item));
			for (uint64_t k = 0; k < SLOTS; k++)
				expect_pop(&f, first + i + k);
			assert_false(mpr_spsc_pop(&f.c, &item));
		}
		assert_int_equal(f.p.error, 0);
		end(&f);
	}
}

UNIT_TEST(test_smallest_ring_works)
{
	uint8_t memory[128 + 2 * 64] __attribute__((aligned(128)));
	struct fixture f = {.memory = memory};
	struct item item = {{0}};

	assert_int_equal(mpr_spsc_size(2), sizeof(memory));
	mpr_spsc_format(memory, 2, 0);
	mpr_spsc_producer_init(&f.p, memory, 2, 0);
	mpr_spsc_consumer_init(&f.c, memory, 2, 0);
	for (uint64_t n = 0; n < 100; n += 2) {
		expect_push(&f, n);
		expect_push(&f, n + 1);
		assert_false(mpr_spsc_push(&f.p, &item));
		expect_pop(&f, n);
		expect_pop(&f, n + 1);
	}
}

UNIT_TEST(test_batch_moves_what_fits)
{
	struct fixture f;
	struct item in[SLOTS + 4], out[SLOTS + 4];

	start_at(&f, 0);
	for (uint64_t n = 0; n < SLOTS + 4; n++)
		item_fill(&in[n], n);
	assert_int_equal(mpr_spsc_pop_n(&f.c, out, 4), 0);
	assert_int_equal(mpr_spsc_push_n(&f.p, in, 0), 0);
	assert_int_equal(mpr_spsc_push_n(&f.p, in, 10), 10);
	assert_int_equal(mpr_spsc_push_n(&f.p, in + 10, 10), SLOTS - 10);
	assert_int_equal(mpr_spsc_push_n(&f.p, in, 1), 0);
	assert_int_equal(mpr_spsc_pop_n(&f.c, out, 7), 7);
	assert_int_equal(mpr_spsc_pop_n(&f.c, out + 7, SLOTS), SLOTS - 7);
	for (uint64_t n = 0; n < SLOTS; n++)
		assert_true(item_is(&out[n], n));
	end(&f);
}

UNIT_TEST(test_zero_copy_pairs)
{
	struct fixture f;
	struct item *in;
	const struct item *out;

	start_at(&f, 0);
	for (uint64_t n = 0; n < 100; n++) {
		in = mpr_spsc_reserve(&f.p);
		assert_non_null(in);
		item_fill(in, n);
		/* Not handed over yet, and reserved only once. */
		assert_null(mpr_spsc_peek(&f.c));
		assert_ptr_equal(mpr_spsc_reserve(&f.p), in);
		mpr_spsc_commit(&f.p);

		out = mpr_spsc_peek(&f.c);
		assert_ptr_equal(out, in);
		assert_ptr_equal(mpr_spsc_peek(&f.c), out);
		assert_true(item_is(out, n));
		mpr_spsc_release(&f.c);
		assert_null(mpr_spsc_peek(&f.c));
	}
	end(&f);
}

static void stream(bool evicts)
{
	struct fixture f;

	start_at(&f, UINT64_MAX - 500);
	f.c.evicts = evicts;
	for (uint64_t n = 0; n < 1000; n++) {
		expect_push(&f, 2 * n);
		expect_push(&f, 2 * n + 1);
		expect_pop(&f, 2 * n);
		expect_pop(&f, 2 * n + 1);
	}
	end(&f);
}

UNIT_TEST(test_items_are_whole_when_lines_stay)
{
	stream(false);
}

UNIT_TEST(test_items_are_whole_when_lines_are_evicted)
{
	if (!mpr_spsc_evicting()) {
		print_message("# lines are not evicted on this processor\n");
		skip();
	}
	stream(true);
}

UNIT_TEST(test_line_is_evicted_at_the_next_look)
{
	struct fixture f;

	if (!mpr_spsc_evicting()) {
		print_message("# lines are not evicted on this processor\n");
		skip();
	}
	start_at(&f, 0);
	expect_push(&f, 0);
	assert_non_null(mpr_spsc_peek(&f.c));
	mpr_spsc_release(&f.c);
	/* Whatever is done with the item comes first; and once is enough. */
	assert_true(f.c.due);
	assert_null(mpr_spsc_peek(&f.c));
	assert_false(f.c.due);
	end(&f);
}

UNIT_TEST(test_slot_numbers_are_checked)
{
	assert_false(mpr_spsc_slots_valid(0));
	assert_false(mpr_spsc_slots_valid(1));
	assert_true(mpr_spsc_slots_valid(2));
	assert_false(mpr_spsc_slots_valid(3));
	assert_false(mpr_spsc_slots_valid(1000));
	assert_true(mpr_spsc_slots_valid(1024));
	assert_true(mpr_spsc_slots_valid(MPR_SPSC_MAX_SLOTS));
	assert_false(mpr_spsc_slots_valid(2 * (uint64_t)MPR_SPSC_MAX_SLOTS));
}

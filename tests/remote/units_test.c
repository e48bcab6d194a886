/* SPDX-License-Identifier: MIT */
/* Proves parts of the process by themselves: timers, the window of looking for work, and
 * the table of guest memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/device/ram.h"
#include "remote/device/timers.h"
#include "ring/window.h"
#include "tests/remote/harness.h"

/* ---- Timers ------------------------------------------------------------- */

static char fired[8];

static void fire(void *opaque)
{
	strcat(fired, opaque);
}

UNIT_TEST(timers_fire_in_order_of_deadline)
{
	struct mpr_timers timers = {0};
	struct mpr_timer a = {.fn = fire, .opaque = "a"}, b = {.fn = fire, .opaque = "b"};

	fired[0] = '\0';
	mpr_timers_set(&timers, &b, 20);
	mpr_timers_set(&timers, &a, 10);
	assert_int_equal(mpr_timers_next(&timers, 4), 6);
	assert_false(mpr_timers_run(&timers, 9));
	assert_true(mpr_timers_run(&timers, 10));
	assert_string_equal(fired, "a");
	assert_true(mpr_timers_run(&timers, 100));
	assert_string_equal(fired, "ab");
	assert_true(mpr_timers_next(&timers, 0) == UINT64_MAX);
}

UNIT_TEST(timer_set_again_moves)
{
	struct mpr_timers timers = {0};
	struct mpr_timer a = {.fn = fire, .opaque = "a"}, b = {.fn = fire, .opaque = "b"};

	fired[0] = '\0';
	mpr_timers_set(&timers, &a, 10);
	mpr_timers_set(&timers, &b, 20);
	mpr_timers_set(&timers, &a, 30);
	mpr_timers_cancel(&timers, &b);
	mpr_timers_cancel(&timers, &b);
	assert_false(mpr_timers_run(&timers, 29));
	assert_true(mpr_timers_run(&timers, 30));
	assert_string_equal(fired, "a");
}

static struct mpr_timers eager_timers;
static struct mpr_timer eager;

static void fire_again(void *opaque)
{
	fire(opaque);
	mpr_timers_set(&eager_timers, &eager, 0);
}

UNIT_TEST(timer_set_for_the_past_does_not_hold_the_loop)
{
	fired[0] = '\0';
	eager = (struct mpr_timer){.fn = fire_again, .opaque = "x"};
	mpr_timers_set(&eager_timers, &eager, 0);
	assert_true(mpr_timers_run(&eager_timers, 100));
	assert_string_equal(fired, "x");
	assert_int_equal(mpr_timers_next(&eager_timers, 100), 0);
	mpr_timers_cancel(&eager_timers, &eager);
}

/* ---- Window ------------------------------------------------------------- */

#define MAX_US 50
#define MAX_NS (MAX_US * 1000u)

/* The window after one of `ns`, when work came after `came`. */
static uint64_t window_after(uint64_t ns, uint64_t came)
{
	struct mpr_window window = mpr_window_of(MAX_US);

	window.ns = ns;
	mpr_window_learn(&window, came);
	return window.ns;
}

UNIT_TEST(window_begins_at_its_longest)
{
	assert_int_equal(mpr_window_of(MAX_US).ns, MAX_NS);
}

UNIT_TEST(window_stays_while_it_suffices)
{
	assert_int_equal(window_after(8000, 8000), 8000);
	assert_int_equal(window_after(8000, 1), 8000);
}

UNIT_TEST(window_grows_when_longer_would_have_helped)
{
	assert_int_equal(window_after(8000, 9000), 16000);
	assert_int_equal(window_after(40000, MAX_NS), MAX_NS);
}

UNIT_TEST(window_shrinks_to_its_floor_in_idleness)
{
	struct mpr_window window = mpr_window_of(MAX_US);

	for (int i = 0; i < 20; i++)
		mpr_window_learn(&window, UINT64_MAX);
	assert_int_equal(window.ns, MPR_WINDOW_MIN_NS);
}

UNIT_TEST(longest_window_that_failed_shrinks)
{
	assert_int_equal(window_after(MAX_NS, MAX_NS + 1), MAX_NS / 2);
}

UNIT_TEST(window_of_nothing_stays_nothing)
{
	struct mpr_window window = mpr_window_of(0);

	mpr_window_learn(&window, 1);
	mpr_window_learn(&window, UINT64_MAX);
	assert_int_equal(window.ns, 0);
}

/* ---- Guest memory ------------------------------------------------------- */

static struct mpr_ram *make_ram(struct mpr_ram_pool *pool, const struct mpr_wire_region *regions,
				size_t count, int fd)
{
	struct mpr_ram *ram = NULL;
	char *error;

	if (mpr_ram_create(pool, regions, count, &fd, &ram, &error) < 0)
		fail_msg("%s", error);
	return ram;
}

UNIT_TEST(neighbours_are_one_piece)
{
	const struct mpr_wire_region regions[] = {
		{.address = 0, .size = 4096, .offset = 0},
		{.address = 4096, .size = 8192, .offset = 4096},
		{.address = 16384, .size = 4096, .offset = 12288},
	};
	struct mpr_ram_pool pool = {0};
	int fd = memfd_pages(4);
	struct mpr_ram *ram = make_ram(&pool, regions, 3, fd);
	size_t len = 1 << 20;

	assert_non_null(mpr_ram_at(ram, 100, &len, true));
	assert_int_equal(len, 12288 - 100);
	len = 1 << 20;
	assert_null(mpr_ram_at(ram, 12288, &len, true));
	assert_non_null(mpr_ram_at(ram, 16384 + 4095, &len, true));
	assert_int_equal(len, 1);
	mpr_ram_unref(ram);
	close(fd);
}

UNIT_TEST(every_address_finds_its_region)
{
	struct mpr_wire_region regions[32];
	struct mpr_ram_pool pool = {0};
	int fd = memfd_pages(32);
	struct mpr_ram *ram;
	size_t len = 4096;
	uint8_t *base;

	for (uint64_t i = 0; i < 32; i++)
		regions[i] = (struct mpr_wire_region){
			.address = 0x10000 * (i + 1), .size = 4096, .offset = 4096 * (31 - i)};
	ram = make_ram(&pool, regions, 32, fd);
	base = mpr_ram_at(ram, 0x200000, &len, true);
	assert_non_null(base);
	for (uint64_t i = 0; i < 32 * 7; i++) {
		uint64_t n = i * 13 % 32;

		assert_ptr_equal(mpr_ram_at(ram, 0x10000 * (n + 1) + 5, &len, true),
				 base + 4096 * (31 - n) + 5);
		assert_null(mpr_ram_at(ram, 0x10000 * (n + 1) + 4096, &len, true));
		assert_null(mpr_ram_at(ram, 0x10000 * (n + 1) - 1, &len, true));
	}
	mpr_ram_unref(ram);
	close(fd);
}

UNIT_TEST(tables_of_one_file_share_its_mapping)
{
	const struct mpr_wire_region region = {.size = 4096};
	struct mpr_ram_pool pool = {0};
	int fd = memfd_pages(1);
	struct mpr_ram *first = make_ram(&pool, &region, 1, fd);
	struct mpr_ram *second = make_ram(&pool, &region, 1, fd);
	size_t len = 1;

	assert_ptr_equal(mpr_ram_at(first, 0, &len, true), mpr_ram_at(second, 0, &len, true));
	mpr_ram_unref(first);
	assert_int_equal(mpr_ram_write(second, 0, "x", 1), 0);
	mpr_ram_unref(second);
	assert_null(pool.files);
	close(fd);
}

UNIT_TEST(refused_table_leaves_nothing_mapped)
{
	const struct mpr_wire_region regions[] = {{.size = 4096},
						  {.address = 4096, .size = 4096, .fd = 1}};
	struct mpr_ram_pool pool = {0};
	int fds[] = {memfd_pages(1), -1};
	struct mpr_ram *ram;
	char *error;

	assert_int_equal(mpr_ram_create(&pool, regions, 2, fds, &ram, &error), -EINVAL);
	assert_non_null(error);
	free(error);
	assert_null(pool.files);
	close(fds[0]);
}

UNIT_TEST(words_of_every_alignment_are_copied)
{
	const struct mpr_wire_region region = {.size = 4096};
	struct mpr_ram_pool pool = {0};
	int fd = memfd_pages(1);
	struct mpr_ram *ram = make_ram(&pool, &region, 1, fd);

	for (size_t len = 0; len <= 9; len++) {
		for (uint64_t addr = 64; addr < 72; addr++) {
			char out[10] = "abcdefghi", in[10] = "";

			assert_int_equal(mpr_ram_write(ram, addr, out, len), 0);
			assert_int_equal(mpr_ram_read(ram, addr, in, len), 0);
			assert_memory_equal(in, out, len);
		}
	}
	mpr_ram_unref(ram);
	close(fd);
}

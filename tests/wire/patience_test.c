/* SPDX-License-Identifier: MIT */
/* Proves that patience counts the time that passed, but no more than a slice at once. */
#include "tests/wire/pair.h"
#include "wire/patience.h"

#define MS ((int64_t)1000000)
#define HOUR (3600000 * MS)

UNIT_TEST(it_ends_when_its_time_has_passed)
{
	struct mpr_patience patience = mpr_patience_of(250);

	assert_true(mpr_patience_left_at(&patience, 7 * HOUR));
	assert_true(mpr_patience_left_at(&patience, 7 * HOUR + 90 * MS));
	assert_true(mpr_patience_left_at(&patience, 7 * HOUR + 180 * MS));
	assert_true(mpr_patience_left_at(&patience, 7 * HOUR + 249 * MS));
	assert_false(mpr_patience_left_at(&patience, 7 * HOUR + 250 * MS));
}

UNIT_TEST(an_hour_that_nobody_lived_through_is_a_slice)
{
	struct mpr_patience patience = mpr_patience_of(250);

	assert_true(mpr_patience_left_at(&patience, HOUR));
	assert_true(mpr_patience_left_at(&patience, 2 * HOUR));
	assert_true(mpr_patience_left_at(&patience, 3 * HOUR));
	assert_true(mpr_patience_left_at(&patience, 3 * HOUR + 49 * MS));
	assert_false(mpr_patience_left_at(&patience, 3 * HOUR + 50 * MS));
}

UNIT_TEST(nobody_sleeps_longer_than_a_slice_or_what_is_left)
{
	struct mpr_patience patience = mpr_patience_of(250);

	assert_int_equal(mpr_patience_slice_ms(&patience), MPR_PATIENCE_SLICE_MS);
	mpr_patience_left_at(&patience, HOUR);
	mpr_patience_left_at(&patience, HOUR + 100 * MS);
	mpr_patience_left_at(&patience, HOUR + 200 * MS);
	assert_int_equal(mpr_patience_slice_ms(&patience), 50);
	mpr_patience_left_at(&patience, HOUR + 249 * MS + MS / 2);
	assert_int_equal(mpr_patience_slice_ms(&patience), 1); /* not 0: that is no sleep */
	mpr_patience_left_at(&patience, HOUR + 300 * MS);
	assert_int_equal(mpr_patience_slice_ms(&patience), 0);
}

UNIT_TEST(none_is_none)
{
	struct mpr_patience patience = mpr_patience_of(0);

	assert_false(mpr_patience_left_at(&patience, HOUR));
	assert_int_equal(mpr_patience_slice_ms(&patience), 0);
}

/* SPDX-License-Identifier: MIT */
/* Proves that an image grows and shrinks while it is open, and only as it can. */
#include <errno.h>
#include <stdlib.h>

#include "tests/blk/image.h"
#include "tests/common/unit.h"

static struct mpr_uring *ring;
static char *path;
static struct mpr_blk *blk;

static int open_image(void **state)
{
	(void)state;
	path = image_create(65536);
	if (mpr_uring_create(8, &ring) < 0)
		return -1;
	blk = image_open(ring, path, MPR_CACHE_WRITEBACK);
	return 0;
}

static int close_image(void **state)
{
	(void)state;
	assert_int_equal(mpr_blk_close(blk), 0);
	mpr_uring_destroy(ring);
	image_remove(path);
	return 0;
}

#define TEST(name) UNIT_TEST_WITH(name, open_image, close_image)

TEST(what_is_new_reads_as_zeros_and_can_be_written)
{
	uint8_t byte = 0xff;
	uint64_t size;

	assert_int_equal(mpr_blk_resize(blk, 131072), 0);
	assert_int_equal(mpr_blk_size(blk), 131072);
	assert_int_equal(image_read(ring, blk, 131071, &byte, 1), 0);
	assert_int_equal(byte, 0);
	assert_int_equal(image_read(ring, blk, 65535, &byte, 1), 0);
	assert_int_equal(byte, image_byte(65535));
	assert_int_equal(image_write(ring, blk, 131000, "x", 1), 0);
	free(image_contents(path, &size));
	assert_int_equal(size, 131072);
}

TEST(what_is_cut_off_is_out_of_range)
{
	uint8_t byte;

	assert_int_equal(mpr_blk_resize(blk, 512), 0);
	assert_int_equal(image_read(ring, blk, 512, &byte, 1), -EINVAL);
	assert_int_equal(image_read(ring, blk, 511, &byte, 1), 0);
	assert_int_equal(byte, image_byte(511));
}

TEST(parts_of_sectors_are_refused)
{
	assert_int_equal(mpr_blk_resize(blk, 1000), -EINVAL);
	assert_int_equal(mpr_blk_resize(blk, UINT64_MAX - 511), -EINVAL);
	assert_int_equal(mpr_blk_size(blk), 65536);
}

static void set_flag(struct mpr_blk_req *req, int result)
{
	bool *done = *(bool **)(req + 1);

	(void)result;
	*done = true;
}

TEST(request_in_flight_keeps_it_from_shrinking)
{
	static uint8_t memory[512];
	struct iovec iov = {memory, sizeof(memory)};
	bool done = false;
	struct {
		struct mpr_blk_req req;
		bool *done;
	} r = {{.op = MPR_BLK_READ, .iov = &iov, .niov = 1, .done = set_flag}, &done};

	mpr_blk_submit(blk, &r.req);
	assert_int_equal(mpr_blk_resize(blk, 512), -EBUSY);
	assert_int_equal(mpr_blk_resize(blk, 131072), 0);
	while (!done) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
}

TEST(image_that_is_only_read_keeps_its_size)
{
	struct mpr_blk_options options = {.file = path, .format = "raw", .read_only = true};
	struct mpr_blk *readonly;
	char *error;

	assert_int_equal(mpr_blk_close(blk), 0);
	blk = NULL;
	assert_int_equal(mpr_blk_open(ring, &options, &readonly, &error), 0);
	assert_int_equal(mpr_blk_resize(readonly, 512), -EROFS);
	assert_int_equal(mpr_blk_close(readonly), 0);
}

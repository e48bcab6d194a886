/* SPDX-License-Identifier: MIT */
/* Proves that block devices work as images, also with blocks of 4096 bytes,
 * on a loop device. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "blk/blk.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

enum { SIZE = 1024 * 1024, BLOCK = 4096, SECTOR = 512 };

struct fixture {
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	char *backing, device[32];
	int loop;
};

/* A free loop device over `backing`, or -1. */
static int attach(const char *backing, char *device, size_t len)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int file = open(backing, O_RDWR | O_CLOEXEC);
	struct loop_config config = {
		.fd = file, .block_size = BLOCK, .info.lo_flags = LO_FLAGS_AUTOCLEAR};
	int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	int loop = -1;

	snprintf(device, len, "/dev/loop%d", number);
	if (number >= 0)
		loop = open(device, O_RDWR | O_CLOEXEC);
	if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config)) {
		close(loop);
		loop = -1;
	}
	close(control);
	close(file);
	return loop;
}

static void set_up(struct fixture *f, enum mpr_blk_cache cache)
{
	f->backing = image_create(SIZE);
	f->loop = attach(f->backing, f->device, sizeof(f->device));
	if (f->loop < 0) {
		print_message("# no loop device: %s\n", strerror(errno));
		image_remove(f->backing);
		skip();
	}
	assert_int_equal(mpr_uring_create(32, &f->ring), 0);
	f->blk = image_open(f->ring, f->device, cache);
	assert_non_null(f->blk);
}

/* Detaches the loop device when its last user closes it. */
static void tear_down(struct fixture *f)
{
	assert_int_equal(mpr_blk_close(f->blk), 0);
	mpr_uring_destroy(f->ring);
	close(f->loop);
	image_remove(f->backing);
}

UNIT_TEST(size_and_contents)
{
	struct fixture f;
	uint8_t *buf = image_memory(SIZE);

	set_up(&f, MPR_CACHE_NONE);
	assert_int_equal(mpr_blk_size(f.blk), SIZE);
	assert_int_equal(image_read(f.ring, f.blk, 0, buf, SIZE), 0);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(buf[i], image_byte(i));
	assert_int_equal(image_read(f.ring, f.blk, SIZE, buf, SECTOR), -EINVAL);
	assert_int_equal(image_request(f.ring, f.blk, MPR_BLK_FLUSH, 0, NULL, 0), 0);
	assert_int_equal(mpr_blk_stats(f.blk)->bounced_requests, 0);
	tear_down(&f);
	free(buf);
}

struct sector_req {
	struct mpr_blk_req req;
	struct iovec iov;
};

static void sector_done(struct mpr_blk_req *req, int result)
{
	(void)req;
	assert_int_equal(result, 0);
}

/* All sectors of a block at once: eight read-modify-writes of it. */
UNIT_TEST(sectors_of_one_block_are_all_written)
{
	struct fixture f;
	struct sector_req reqs[BLOCK / SECTOR];
	uint8_t *buf = image_memory(2 * BLOCK);

	set_up(&f, MPR_CACHE_NONE);
	memset(buf, 0xee, BLOCK);
	for (unsigned i = 0; i < BLOCK / SECTOR; i++) {
		reqs[i].iov = (struct iovec){buf + i * SECTOR, SECTOR};
		reqs[i].req = (struct mpr_blk_req){.op = MPR_BLK_WRITE,
						   .offset = BLOCK + i * SECTOR,
						   .iov = &reqs[i].iov,
						   .niov = 1,
						   .done = sector_done};
		mpr_blk_submit(f.blk, &reqs[i].req);
	}
	while (mpr_blk_in_flight(f.blk)) {
		assert_int_equal(mpr_uring_wait(f.ring, UINT64_MAX), 0);
		mpr_uring_reap(f.ring);
	}
	assert_int_equal(mpr_blk_stats(f.blk)->bounced_requests, BLOCK / SECTOR);
	assert_int_equal(image_read(f.ring, f.blk, BLOCK, buf + BLOCK, BLOCK), 0);
	assert_memory_equal(buf, buf + BLOCK, BLOCK);
	assert_int_equal(image_read(f.ring, f.blk, 2 * BLOCK, buf, BLOCK), 0);
	assert_int_equal(buf[0], image_byte(2 * BLOCK));
	tear_down(&f);
	free(buf);
}

UNIT_TEST(sectors_in_the_page_cache_are_not_bounced)
{
	struct fixture f;
	uint8_t *buf = image_memory(BLOCK);

	set_up(&f, MPR_CACHE_WRITEBACK);
	assert_int_equal(image_write(f.ring, f.blk, SECTOR, buf, SECTOR), 0);
	assert_int_equal(image_read(f.ring, f.blk, 0, buf, SECTOR), 0);
	assert_int_equal(buf[511], image_byte(511));
	assert_int_equal(mpr_blk_stats(f.blk)->bounced_requests, 0);
	tear_down(&f);
	free(buf);
}

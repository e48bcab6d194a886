/* SPDX-License-Identifier: MIT */
/* Proves that requests of any size and alignment move the right bytes in every
 * cache mode, and that only what must be copied is. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk/blk.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

static struct mpr_uring *ring;

static int create_ring(void **state)
{
	(void)state;
	return mpr_uring_create(64, &ring);
}

static int destroy_ring(void **state)
{
	(void)state;
	mpr_uring_destroy(ring);
	return 0;
}

/* An image of `size` bytes opened in the test's cache mode. */
static struct mpr_blk *open_image(enum mpr_blk_cache cache, uint64_t size, char **path)
{
	struct mpr_blk *blk;

	*path = image_create(size);
	blk = image_open(ring, *path, cache);
	if (!blk) {
		image_remove(*path);
		skip();
	}
	return blk;
}

static void close_image(struct mpr_blk *blk, char *path)
{
	assert_int_equal(mpr_blk_close(blk), 0);
	image_remove(path);
}

static void assert_pattern(const uint8_t *buf, uint64_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (buf[i] != image_byte(offset + i))
			fail_msg("byte %llu is wrong", (unsigned long long)offset + i);
	}
}

static void aligned_direct_io_copies_nothing(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_NONE, 65536, &path);
	const struct mpr_blk_stats *stats = mpr_blk_stats(blk);
	uint8_t *buf = image_memory(65536);
	struct iovec iov[3] = {{buf, 4096}, {buf + 8192, 8192}, {buf + 32768, 4096}};

	(void)state;
	assert_int_equal(image_read(ring, blk, 4096, buf, 8192), 0);
	assert_pattern(buf, 4096, 8192);
	assert_int_equal(image_write(ring, blk, 0, buf, 4096), 0);
	assert_int_equal(image_request(ring, blk, MPR_BLK_READ, 16384, iov, 3), 0);
	assert_pattern(buf, 16384, 4096);
	assert_pattern(buf + 8192, 20480, 8192);
	assert_pattern(buf + 32768, 28672, 4096);
	assert_int_equal(stats->bounced_requests, 0);
	assert_int_equal(stats->bounced_bytes, 0);
	assert_int_equal(stats->rd_operations, 2);
	assert_int_equal(stats->rd_bytes, 8192 + 16384);
	assert_int_equal(stats->wr_operations, 1);
	assert_int_equal(stats->wr_bytes, 4096);
	free(buf);
	close_image(blk, path);
}

/* Memory aligned to a sector is enough where the device says so. */
static void sector_aligned_memory_follows_the_device(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_NONE, 65536, &path);
	uint8_t *buf = image_memory(65536);
	struct statx stx;

	(void)state;
	if (statx(AT_FDCWD, path, 0, STATX_DIOALIGN, &stx) || !(stx.stx_mask & STATX_DIOALIGN)) {
		print_message("# the kernel does not tell the alignment of direct I/O\n");
		free(buf);
		close_image(blk, path);
		skip();
	}
	assert_int_equal(image_read(ring, blk, 4096, buf + 512, 4096), 0);
	assert_pattern(buf + 512, 4096, 4096);
	assert_int_equal(mpr_blk_stats(blk)->bounced_requests, stx.stx_dio_mem_align > 512);
	free(buf);
	close_image(blk, path);
}

static void odd_requests_are_bounced_and_counted(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_NONE, 65536, &path);
	const struct mpr_blk_stats *stats = mpr_blk_stats(blk);
	uint8_t *buf = image_memory(65536);

	(void)state;
	assert_int_equal(image_read(ring, blk, 4096, buf + 1, 4096), 0); /* memory */
	assert_pattern(buf + 1, 4096, 4096);
	assert_int_equal(image_read(ring, blk, 4095, buf, 4096), 0); /* offset */
	assert_pattern(buf, 4095, 4096);
	assert_int_equal(image_read(ring, blk, 4096, buf, 4097), 0); /* length */
	assert_pattern(buf, 4096, 4097);
	assert_int_equal(stats->bounced_requests, 3);
	assert_int_equal(stats->bounced_bytes, 4096 + 4096 + 4097);
	assert_int_equal(image_write(ring, blk, 8191, buf, 2), 0);
	assert_int_equal(stats->bounced_requests, 4);
	assert_int_equal(stats->bounced_bytes, 4096 + 4096 + 4097 + 2);
	free(buf);
	close_image(blk, path);
}

static void the_page_cache_never_bounces(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_WRITEBACK, 65536, &path);
	uint8_t *buf = image_memory(65536);

	(void)state;
	assert_int_equal(image_read(ring, blk, 4095, buf + 3, 4097), 0);
	assert_pattern(buf + 3, 4095, 4097);
	assert_int_equal(image_write(ring, blk, 1, buf, 1), 0);
	assert_int_equal(mpr_blk_stats(blk)->bounced_requests, 0);
	free(buf);
	close_image(blk, path);
}

/* Larger than a bounce buffer, odd at both ends, several elements. */
static void large_bounced_write_changes_only_its_bytes(void **state)
{
	const uint64_t size = 6 << 20, offset = 1000003, len = 3 * 1048576 + 77;
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_NONE, size, &path);
	uint8_t *buf = image_memory(size), *file;
	struct iovec iov[3] = {{buf + 7, 1500000}, {NULL, 0}, {buf + 1500007, len - 1500000}};
	uint64_t file_size;

	(void)state;
	memset(buf, 0xa5, size);
	assert_int_equal(image_request(ring, blk, MPR_BLK_WRITE, offset, iov, 3), 0);
	file = image_contents(path, &file_size);
	assert_int_equal(file_size, size);
	assert_pattern(file, 0, offset);
	assert_memory_equal(file + offset, buf, len);
	assert_pattern(file + offset + len, offset + len, size - offset - len);
	memset(buf, 0, size);
	assert_int_equal(image_request(ring, blk, MPR_BLK_READ, offset, iov, 3), 0);
	assert_memory_equal(file + offset, buf + 7, len);
	free(file);
	free(buf);
	close_image(blk, path);
}

static void more_elements_than_one_operation_takes(void **state)
{
	enum { COUNT = 2 * IOV_MAX + 100, STEP = 512 };
	enum mpr_blk_cache cache = *(enum mpr_blk_cache *)*state;
	char *path;
	struct mpr_blk *blk = open_image(cache, COUNT * STEP, &path);
	uint8_t *buf = image_memory(2 * COUNT * STEP);
	uint64_t completions = mpr_uring_stats(ring)->completions;
	static struct iovec iov[COUNT];

	for (unsigned i = 0; i < COUNT; i++)
		iov[i] = (struct iovec){buf + 2 * i * STEP, STEP};
	assert_int_equal(image_request(ring, blk, MPR_BLK_READ, 0, iov, COUNT), 0);
	for (unsigned i = 0; i < COUNT; i++)
		assert_pattern(iov[i].iov_base, i * STEP, STEP);
	assert_int_equal(mpr_uring_stats(ring)->completions - completions, 3);
	free(buf);
	close_image(blk, path);
}

static void bad_ranges_end_with_einval(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_WRITEBACK, 4096, &path);
	char buf[1024];
	struct iovec huge[2] = {{buf, SIZE_MAX}, {buf, 2}};

	(void)state;
	assert_int_equal(image_read(ring, blk, 4096, buf, 1), -EINVAL);
	assert_int_equal(image_read(ring, blk, 4000, buf, 97), -EINVAL);
	assert_int_equal(image_read(ring, blk, UINT64_MAX, buf, 2), -EINVAL);
	assert_int_equal(image_write(ring, blk, 1 << 20, buf, 512), -EINVAL);
	assert_int_equal(image_request(ring, blk, MPR_BLK_READ, 0, huge, 2), -EINVAL);
	assert_int_equal(image_request(ring, blk, (enum mpr_blk_op)7, 0, huge, 1), -EINVAL);
	assert_int_equal(mpr_blk_stats(blk)->failed_operations, 6);
	assert_int_equal(image_read(ring, blk, 4000, buf, 96), 0);
	assert_int_equal(image_request(ring, blk, MPR_BLK_READ, 4096, NULL, 0), 0);
	close_image(blk, path);
}

static void writes_to_a_read_only_image_are_refused(void **state)
{
	char *path = image_create(4096), *error, buf[512];
	struct mpr_blk_options options = {.file = path, .read_only = true};
	struct mpr_blk *blk;

	(void)state;
	assert_int_equal(mpr_blk_open(ring, &options, &blk, &error), 0);
	assert_int_equal(image_write(ring, blk, 0, buf, 512), -EROFS);
	assert_int_equal(image_request(ring, blk, MPR_BLK_FLUSH, 0, NULL, 0), 0);
	close_image(blk, path);
}

/* The last sector is there in part only. */
static void the_odd_tail_reads_as_zeros_and_grows(void **state)
{
	enum mpr_blk_cache cache = *(enum mpr_blk_cache *)*state;
	char *path;
	struct mpr_blk *blk = open_image(cache, 1300, &path);
	uint8_t *buf = image_memory(4096), *file;
	static const uint8_t zeros[512];
	uint64_t size;

	memset(buf, 0xff, 4096);
	assert_int_equal(image_read(ring, blk, 512, buf, 1024), 0);
	assert_pattern(buf, 512, 788);
	assert_memory_equal(buf + 788, zeros, 236);
	memset(buf, 0xff, 4096);
	assert_int_equal(image_read(ring, blk, 1400, buf, 100), 0);
	assert_memory_equal(buf, zeros, 100);
	memset(buf, 0x5a, 4096);
	assert_int_equal(image_write(ring, blk, 1310, buf, 10), 0);
	assert_int_equal(image_write(ring, blk, 1535, buf, 1), 0);
	assert_int_equal(image_read(ring, blk, 0, buf + 512, 1536), 0);
	file = image_contents(path, &size);
	assert_int_equal(size, 1536);
	assert_memory_equal(buf + 512, file, size);
	assert_pattern(file, 0, 1300);
	assert_int_equal(file[1309], 0);
	assert_int_equal(file[1310], 0x5a);
	assert_int_equal(file[1320], 0);
	assert_int_equal(file[1535], 0x5a);
	free(file);
	free(buf);
	close_image(blk, path);
}

static void a_file_cut_off_meanwhile_is_an_io_error(void **state)
{
	enum mpr_blk_cache cache = *(enum mpr_blk_cache *)*state;
	char *path;
	struct mpr_blk *blk = open_image(cache, 65536, &path);
	uint8_t *buf = image_memory(65536);

	assert_int_equal(truncate(path, 5000), 0);
	assert_int_equal(image_read(ring, blk, 0, buf, 4096), 0);
	assert_int_equal(image_read(ring, blk, 0, buf, 8192), -EIO);
	assert_int_equal(image_read(ring, blk, 32768, buf + 1, 4096), -EIO);
	assert_int_equal(mpr_blk_stats(blk)->failed_operations, 2);
	free(buf);
	close_image(blk, path);
}

static void a_refused_write_ends_with_its_error(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_WRITEBACK, 65536, &path);
	uint8_t *buf = image_memory(65536);
	struct rlimit old, small = {4096, RLIM_INFINITY};

	(void)state;
	assert_int_equal(truncate(path, 4096), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(image_write(ring, blk, 0, buf, 8192), -EFBIG);
	assert_int_equal(image_write(ring, blk, 0, buf, 4096), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	free(buf);
	close_image(blk, path);
}

static void note_done(struct mpr_blk_req *req, int result)
{
	req->fua = result == 0; /* seen by the test */
}

static void close_waits_for_nothing_but_refuses(void **state)
{
	char *path;
	struct mpr_blk *blk = open_image(MPR_CACHE_WRITEBACK, 4096, &path);
	struct mpr_blk_req req = {.op = MPR_BLK_FLUSH, .done = note_done};

	(void)state;
	mpr_blk_submit(blk, &req);
	assert_int_equal(mpr_blk_in_flight(blk), 1);
	assert_int_equal(mpr_blk_close(blk), -EBUSY);
	while (!req.fua) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
	assert_int_equal(mpr_blk_in_flight(blk), 0);
	close_image(blk, path);
}

static enum mpr_blk_cache modes[] = {MPR_CACHE_WRITEBACK, MPR_CACHE_NONE, MPR_CACHE_DIRECTSYNC,
				     MPR_CACHE_WRITETHROUGH, MPR_CACHE_UNSAFE};

#define in_mode(test, name, mode)                              \
	{                                                      \
#test "_" name, test, NULL, NULL, &modes[mode] \
	}
#define in_every_mode(test)                                                                      \
	in_mode(test, "writeback", 0), in_mode(test, "none", 1), in_mode(test, "directsync", 2), \
		in_mode(test, "writethrough", 3), in_mode(test, "unsafe", 4)

/* 512-byte blocks that the file system stores for a file. */
static uint64_t stored(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_blocks;
}

/* Writes zeros over data: they read back as zeros, and have no blocks with
 * detect-zeroes=unmap. */
static void zeroes_take_the_place_of_bytes(void **state)
{
	static const enum mpr_blk_cache caches[] = {MPR_CACHE_WRITEBACK, MPR_CACHE_NONE};
	struct mpr_blk_options options = {.discard = true, .zeroes = MPR_BLK_ZEROES_UNMAP};
	uint8_t *zeroes = image_memory(65536), *found = image_memory(65536);

	(void)state;
	memset(zeroes, 0, 65536);
	for (size_t i = 0; i < 2 * sizeof(caches) / sizeof(caches[0]); i++) {
		struct mpr_blk *blk;
		char *path, *error;
		uint64_t before;

		blk = open_image(caches[i / 2], 1 << 20, &path);
		assert_int_equal(mpr_blk_close(blk), 0);
		before = stored(path);
		options.file = path;
		options.cache = caches[i / 2];
		options.zeroes = i % 2 ? MPR_BLK_ZEROES_RANGE : MPR_BLK_ZEROES_UNMAP;
		assert_int_equal(mpr_blk_open(ring, &options, &blk, &error), 0);
		assert_int_equal(image_write(ring, blk, 65536, zeroes, 65536), 0);
		assert_int_equal(image_read(ring, blk, 65536, found, 65536), 0);
		assert_memory_equal(found, zeroes, 65536);
		assert_int_equal(image_read(ring, blk, 0, found, 65536), 0);
		assert_pattern(found, 0, 65536);
		assert_int_equal(image_read(ring, blk, 131072, found, 65536), 0);
		assert_pattern(found, 131072, 65536);
		if (options.zeroes == MPR_BLK_ZEROES_UNMAP)
			assert_true(stored(path) < before);
		close_image(blk, path);
	}
	free(zeroes);
	free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroes_take_the_place_of_bytes),
		cmocka_unit_test(aligned_direct_io_copies_nothing),
		cmocka_unit_test(sector_aligned_memory_follows_the_device),
		cmocka_unit_test(odd_requests_are_bounced_and_counted),
		cmocka_unit_test(the_page_cache_never_bounces),
		cmocka_unit_test(large_bounced_write_changes_only_its_bytes),
		in_every_mode(more_elements_than_one_operation_takes),
		cmocka_unit_test(bad_ranges_end_with_einval),
		cmocka_unit_test(writes_to_a_read_only_image_are_refused),
		in_every_mode(the_odd_tail_reads_as_zeros_and_grows),
		in_every_mode(a_file_cut_off_meanwhile_is_an_io_error),
		cmocka_unit_test(a_refused_write_ends_with_its_error),
		cmocka_unit_test(close_waits_for_nothing_but_refuses),
	};

	return cmocka_run_group_tests(tests, create_ring, destroy_ring);
}

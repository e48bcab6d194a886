/* SPDX-License-Identifier: MIT */
/* Proves what blk/ asks of the kernel, and what it makes of short transfers,
 * interruptions, failures and completions in the worst order. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk/blk.h"
#include "tests/blk/fake_uring.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

#define PENDING 1

struct fixture {
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	char *path;
	uint8_t *memory; /* 64 KiB */
};

struct test_req {
	struct mpr_blk_req req;
	struct iovec iov;
	int result;
};

static void test_done(struct mpr_blk_req *req, int result)
{
	struct test_req *r = (struct test_req *)req;

	assert_int_equal(r->result, PENDING);
	r->result = result;
}

static void setup(struct fixture *f, enum mpr_blk_cache cache)
{
	assert_int_equal(mpr_uring_create(16, &f->ring), 0);
	f->path = image_create(65536);
	f->memory = image_memory(65536);
	f->blk = image_open(f->ring, f->path, cache);
	if (f->blk)
		return;
	mpr_uring_destroy(f->ring);
	image_remove(f->path);
	free(f->memory);
	skip();
}

static void teardown(struct fixture *f)
{
	assert_int_equal(fake_uring_count(f->ring), 0);
	assert_int_equal(mpr_blk_close(f->blk), 0);
	mpr_uring_destroy(f->ring);
	image_remove(f->path);
	free(f->memory);
}

static void submit(struct fixture *f, struct test_req *r, enum mpr_blk_op op, uint64_t offset,
		   size_t len)
{
	bool fua = r->req.fua;

	r->iov = (struct iovec){f->memory, len};
	r->req = (struct mpr_blk_req){.op = op,
				      .fua = fua,
				      .offset = offset,
				      .iov = &r->iov,
				      .niov = 1,
				      .done = test_done};
	r->result = PENDING;
	mpr_blk_submit(f->blk, &r->req);
}

/* The entry has this opcode, offset and length (in bytes; in elements if it is vectored). */
static void expect(struct fixture *f, unsigned index, unsigned opcode, uint64_t offset, size_t len)
{
	const struct io_uring_sqe *sqe = fake_uring_entry(f->ring, index);

	assert_int_equal(sqe->opcode, opcode);
	assert_int_equal(sqe->off, offset);
	assert_int_equal(sqe->len, len);
}

UNIT_TEST(flush_is_fdatasync)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	assert_int_equal(fake_uring_count(f.ring), 1);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_FSYNC);
	assert_int_equal(fake_uring_entry(f.ring, 0)->fsync_flags, IORING_FSYNC_DATASYNC);
	fake_uring_complete(f.ring, 0, -EINTR);
	assert_int_equal(r.result, PENDING);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, 0);
	assert_int_equal(mpr_blk_stats(f.blk)->flush_operations, 1);
	teardown(&f);
}

UNIT_TEST(durable_direct_writes_use_dsync)
{
	static const struct {
		enum mpr_blk_cache cache;
		bool fua;
		int rw_flags;
	} cases[] = {
		{MPR_CACHE_NONE, false, 0},
		{MPR_CACHE_NONE, true, RWF_DSYNC},
		{MPR_CACHE_DIRECTSYNC, false, RWF_DSYNC},
		{MPR_CACHE_DIRECTSYNC, true, RWF_DSYNC},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct test_req r = {.req.fua = cases[i].fua};

		setup(&f, cases[i].cache);
		submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
		assert_int_equal(fake_uring_entry(f.ring, 0)->rw_flags, cases[i].rw_flags);
		fake_uring_complete(f.ring, 0, 4096);
		assert_int_equal(r.result, 0);
		submit(&f, &r, MPR_BLK_READ, 0, 4096);
		assert_int_equal(fake_uring_entry(f.ring, 0)->rw_flags, 0);
		fake_uring_complete(f.ring, 0, 4096);
		teardown(&f);
	}
}

UNIT_TEST(durable_cached_writes_are_synced_after)
{
	static const struct {
		enum mpr_blk_cache cache;
		bool fua, synced;
	} cases[] = {
		{MPR_CACHE_WRITEBACK, false, false},   {MPR_CACHE_WRITEBACK, true, true},
		{MPR_CACHE_WRITETHROUGH, false, true}, {MPR_CACHE_WRITETHROUGH, true, true},
		{MPR_CACHE_UNSAFE, false, false},      {MPR_CACHE_UNSAFE, true, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct test_req r = {.req.fua = cases[i].fua};

		setup(&f, cases[i].cache);
		submit(&f, &r, MPR_BLK_WRITE, 8192, 4096);
		expect(&f, 0, IORING_OP_WRITE, 8192, 4096);
		assert_int_equal(fake_uring_entry(f.ring, 0)->rw_flags, 0);
		fake_uring_complete(f.ring, 0, 4096);
		if (cases[i].synced) {
			assert_int_equal(r.result, PENDING);
			expect(&f, 0, IORING_OP_FSYNC, 8192, 4096);
			fake_uring_complete(f.ring, 0, 0);
		}
		assert_int_equal(r.result, 0);
		assert_int_equal(mpr_blk_stats(f.blk)->wr_bytes, 4096);
		teardown(&f);
	}
}

/* The kernel would report lost data to only one of them. */
UNIT_TEST(one_sync_at_a_time_covers_all_who_wait)
{
	struct fixture f;
	struct test_req a = {0}, b = {0}, c = {0}, fua = {.req.fua = true};

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &a, MPR_BLK_FLUSH, 0, 0);
	submit(&f, &b, MPR_BLK_FLUSH, 0, 0);
	submit(&f, &c, MPR_BLK_FLUSH, 0, 0);
	submit(&f, &fua, MPR_BLK_WRITE, 4096, 512);
	assert_int_equal(fake_uring_count(f.ring), 2);
	fake_uring_complete_full(f.ring, 1);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(a.result, 0);
	assert_int_equal(b.result, PENDING);
	assert_int_equal(fake_uring_count(f.ring), 1);
	expect(&f, 0, IORING_OP_FSYNC, 0, 0);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(b.result, 0);
	assert_int_equal(c.result, 0);
	assert_int_equal(fua.result, 0);
	submit(&f, &a, MPR_BLK_FLUSH, 0, 0);
	submit(&f, &b, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(a.result, -EIO);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(b.result, -EIO);
	teardown(&f);
}

UNIT_TEST(unsafe_flush_asks_nobody)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_UNSAFE);
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_NOP);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(discards_reach_the_image_when_they_may)
{
	const unsigned punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct fixture f;
	struct test_req r = {0};
	struct mpr_blk_options options;
	char *error;

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &r, MPR_BLK_DISCARD, 4096, 8192);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_NOP);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, 0);
	assert_int_equal(mpr_blk_close(f.blk), 0);
	options = (struct mpr_blk_options){.file = f.path, .discard = true};
	assert_int_equal(mpr_blk_open(f.ring, &options, &f.blk, &error), 0);
	submit(&f, &r, MPR_BLK_DISCARD, 4096, 8192);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_FALLOCATE);
	assert_int_equal(fake_uring_entry(f.ring, 0)->len, punch);
	assert_int_equal(fake_uring_entry(f.ring, 0)->off, 4096);
	assert_int_equal(fake_uring_entry(f.ring, 0)->addr, 8192);
	fake_uring_complete(f.ring, 0, -EINTR);
	fake_uring_complete(f.ring, 0, -EOPNOTSUPP); /* it is only a hint */
	assert_int_equal(r.result, 0);
	assert_int_equal(mpr_blk_stats(f.blk)->discard_bytes, 8192);
	submit(&f, &r, MPR_BLK_DISCARD, 0, 512);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(r.result, -EIO);
	assert_int_equal(mpr_blk_stats(f.blk)->failed_discard_operations, 1);
	teardown(&f);
}

/* ---- Writes of zeros ---------------------------------------------------- */

#define ZERO_RANGE (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)
#define PUNCH_HOLE (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static void setup_zeroes(struct fixture *f, enum mpr_blk_cache cache, enum mpr_blk_zeroes zeroes)
{
	struct mpr_blk_options options = {.cache = cache, .discard = true, .zeroes = zeroes};
	char *error;

	setup(f, cache);
	assert_int_equal(mpr_blk_close(f->blk), 0);
	options.file = f->path;
	assert_int_equal(mpr_blk_open(f->ring, &options, &f->blk, &error), 0);
	memset(f->memory, 0, 65536);
}

static void expect_fallocate(struct fixture *f, unsigned mode, uint64_t offset, uint64_t len)
{
	const struct io_uring_sqe *sqe = fake_uring_entry(f->ring, 0);

	assert_int_equal(fake_uring_count(f->ring), 1);
	assert_int_equal(sqe->opcode, IORING_OP_FALLOCATE);
	assert_int_equal(sqe->len, mode);
	assert_int_equal(sqe->off, offset);
	assert_int_equal(sqe->addr, len);
}

UNIT_TEST(zeroes_are_noted_when_that_is_asked_for)
{
	static const struct {
		enum mpr_blk_zeroes zeroes;
		unsigned mode;
	} cases[] = {{MPR_BLK_ZEROES_RANGE, ZERO_RANGE}, {MPR_BLK_ZEROES_UNMAP, PUNCH_HOLE}};
	struct fixture f;
	struct test_req r = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup_zeroes(&f, MPR_CACHE_WRITEBACK, cases[i].zeroes);
		submit(&f, &r, MPR_BLK_WRITE, 512, 4096);
		expect_fallocate(&f, cases[i].mode, 512, 4096);
		fake_uring_complete(f.ring, 0, -EINTR);
		expect_fallocate(&f, cases[i].mode, 512, 4096);
		fake_uring_complete(f.ring, 0, 0);
		assert_int_equal(r.result, 0);
		assert_int_equal(mpr_blk_stats(f.blk)->wr_bytes, 4096);
		teardown(&f);
	}
}

UNIT_TEST(other_bytes_are_written)
{
	static const size_t places[] = {0, 63, 64, 4094, 4095};
	struct fixture f;
	struct test_req r = {0};

	setup_zeroes(&f, MPR_CACHE_WRITEBACK, MPR_BLK_ZEROES_RANGE);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		f.memory[places[i]] = 1;
		submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
		expect(&f, 0, IORING_OP_WRITE, 0, 4096);
		fake_uring_complete_full(f.ring, 0);
		assert_int_equal(r.result, 0);
		f.memory[places[i]] = 0;
	}
	teardown(&f);
}

UNIT_TEST(zeroes_are_written_by_default)
{
	struct fixture f;
	struct test_req r = {0};

	setup_zeroes(&f, MPR_CACHE_WRITEBACK, MPR_BLK_ZEROES_WRITE);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	expect(&f, 0, IORING_OP_WRITE, 0, 4096);
	fake_uring_complete_full(f.ring, 0);
	teardown(&f);
}

UNIT_TEST(durable_zeroes_are_synced)
{
	static const enum mpr_blk_cache caches[] = {MPR_CACHE_WRITETHROUGH, MPR_CACHE_DIRECTSYNC};
	struct fixture f;
	struct test_req r = {0};

	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
		setup_zeroes(&f, caches[i], MPR_BLK_ZEROES_RANGE);
		submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
		expect_fallocate(&f, ZERO_RANGE, 0, 4096);
		fake_uring_complete(f.ring, 0, 0);
		assert_int_equal(r.result, PENDING);
		assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_FSYNC);
		fake_uring_complete(f.ring, 0, 0);
		assert_int_equal(r.result, 0);
		teardown(&f);
	}
}

UNIT_TEST(file_system_without_zero_ranges_gets_the_bytes)
{
	struct fixture f;
	struct test_req r = {0};

	setup_zeroes(&f, MPR_CACHE_WRITEBACK, MPR_BLK_ZEROES_RANGE);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	expect_fallocate(&f, ZERO_RANGE, 0, 4096);
	fake_uring_complete(f.ring, 0, -EOPNOTSUPP);
	expect(&f, 0, IORING_OP_WRITE, 0, 4096);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096); /* it is not asked again */
	expect(&f, 0, IORING_OP_WRITE, 0, 4096);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(zeroing_fails_as_a_write)
{
	struct fixture f;
	struct test_req r = {0};

	setup_zeroes(&f, MPR_CACHE_WRITEBACK, MPR_BLK_ZEROES_RANGE);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, -ENOSPC);
	assert_int_equal(r.result, -ENOSPC);
	assert_int_equal(mpr_blk_stats(f.blk)->failed_wr_operations, 1);
	teardown(&f);
}

/* A read-modify-write of a block must not undo the zeros. */
UNIT_TEST(partial_write_waits_for_zeroes)
{
	struct fixture f;
	struct test_req zeroes = {0}, partial = {0};

	setup_zeroes(&f, MPR_CACHE_NONE, MPR_BLK_ZEROES_RANGE);
	submit(&f, &zeroes, MPR_BLK_WRITE, 0, 4096);
	expect_fallocate(&f, ZERO_RANGE, 0, 4096);
	f.memory[0] = 1;
	submit(&f, &partial, MPR_BLK_WRITE, 1, 100);
	assert_int_equal(fake_uring_count(f.ring), 1);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(zeroes.result, 0);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_READ);
	while (fake_uring_count(f.ring))
		fake_uring_complete_full(f.ring, 0);
	assert_int_equal(partial.result, 0);
	teardown(&f);
}

/* Only a write extends a file to the end of its last sector. */
UNIT_TEST(zeroes_at_the_end_of_a_short_file_are_written)
{
	struct mpr_blk_options options = {.zeroes = MPR_BLK_ZEROES_RANGE};
	char *error;
	struct fixture f;
	struct test_req r = {0};

	setup_zeroes(&f, MPR_CACHE_WRITEBACK, MPR_BLK_ZEROES_RANGE);
	assert_int_equal(mpr_blk_close(f.blk), 0);
	assert_int_equal(truncate(f.path, 65536 - 100), 0);
	options.file = f.path;
	assert_int_equal(mpr_blk_open(f.ring, &options, &f.blk, &error), 0);
	submit(&f, &r, MPR_BLK_WRITE, 65536 - 512, 512);
	expect(&f, 0, IORING_OP_WRITE, 65536 - 512, 512);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(short_transfers_are_continued)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &r, MPR_BLK_WRITE, 100, 5000);
	expect(&f, 0, IORING_OP_WRITE, 100, 5000);
	fake_uring_complete(f.ring, 0, 1);
	expect(&f, 0, IORING_OP_WRITE, 101, 4999);
	fake_uring_complete(f.ring, 0, 4000);
	expect(&f, 0, IORING_OP_WRITE, 4101, 999);
	fake_uring_complete(f.ring, 0, 999);
	assert_int_equal(r.result, 0);
	assert_int_equal(mpr_blk_stats(f.blk)->wr_bytes, 5000);
	teardown(&f);
}

/* Direct I/O continues at the start of a block, even if a part of it was moved. */
UNIT_TEST(short_direct_writes_go_on_at_a_block)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_NONE);
	submit(&f, &r, MPR_BLK_WRITE, 0, 16384);
	fake_uring_complete(f.ring, 0, 8192 + 5);
	expect(&f, 0, IORING_OP_WRITE, 8192, 8192);
	fake_uring_complete(f.ring, 0, 8192);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(a_cut_in_an_element_is_continued)
{
	struct fixture f;
	struct iovec iov[4];
	struct test_req r = {.result = PENDING};
	const struct io_uring_sqe *sqe;

	setup(&f, MPR_CACHE_WRITEBACK);
	for (unsigned i = 0; i < 4; i++)
		iov[i] = (struct iovec){f.memory + 1000 * i, i == 1 ? 0 : 100};
	r.req = (struct mpr_blk_req){.op = MPR_BLK_READ, .iov = iov, .niov = 4, .done = test_done};
	mpr_blk_submit(f.blk, &r.req);
	fake_uring_complete(f.ring, 0, 130);
	expect(&f, 0, IORING_OP_READ, 130, 70);
	assert_ptr_equal((void *)(uintptr_t)fake_uring_entry(f.ring, 0)->addr, f.memory + 2030);
	fake_uring_complete(f.ring, 0, 70);
	sqe = fake_uring_entry(f.ring, 0);
	assert_int_equal(sqe->off, 200);
	assert_ptr_equal((void *)(uintptr_t)sqe->addr, f.memory + 3000);
	fake_uring_complete(f.ring, 0, 100);
	assert_int_equal(r.result, 0);
	assert_ptr_equal(iov[2].iov_base, f.memory + 2000); /* unchanged */
	teardown(&f);
}

UNIT_TEST(registered_memory_is_used_as_such)
{
	struct fixture f;
	struct test_req r = {.req.fua = true};

	setup(&f, MPR_CACHE_NONE);
	fake_uring_register(f.ring, f.memory, 8192);
	submit(&f, &r, MPR_BLK_WRITE, 4096, 8192);
	expect(&f, 0, IORING_OP_WRITE_FIXED, 4096, 8192);
	assert_int_equal(fake_uring_entry(f.ring, 0)->buf_index, FAKE_URING_BUFFER);
	assert_int_equal(fake_uring_entry(f.ring, 0)->rw_flags, RWF_DSYNC);
	fake_uring_complete(f.ring, 0, 4096);
	expect(&f, 0, IORING_OP_WRITE_FIXED, 8192, 4096);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	submit(&f, &r, MPR_BLK_READ, 0, 8192 + 4096);
	expect(&f, 0, IORING_OP_READ, 0, 8192 + 4096); /* not all of it is registered */
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(registered_memory_in_pieces_is_one_operation)
{
	struct fixture f;
	struct test_req r = {.result = PENDING};
	struct iovec iov[2];

	setup(&f, MPR_CACHE_NONE);
	fake_uring_register(f.ring, f.memory, 65536);
	iov[0] = (struct iovec){f.memory + 8192, 4096};
	iov[1] = (struct iovec){f.memory, 4096};
	r.req = (struct mpr_blk_req){.op = MPR_BLK_READ, .iov = iov, .niov = 2, .done = test_done};
	mpr_blk_submit(f.blk, &r.req);
	expect(&f, 0, MPR_URING_READV_FIXED, 0, 2);
	assert_int_equal(fake_uring_entry(f.ring, 0)->buf_index, FAKE_URING_BUFFER);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(page_cache_needs_no_registered_memory)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	fake_uring_register(f.ring, f.memory, 65536);
	submit(&f, &r, MPR_BLK_READ, 0, 4096);
	expect(&f, 0, IORING_OP_READ, 0, 4096);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

/* At once, and then after a pause. */
UNIT_TEST(interruptions_are_repeated)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &r, MPR_BLK_READ, 0, 4096);
	assert_int_equal(fake_uring_entry(f.ring, 0)->flags, 0);
	fake_uring_complete(f.ring, 0, -EINTR);
	expect(&f, 0, IORING_OP_READ, 0, 4096);
	assert_int_equal(fake_uring_entry(f.ring, 0)->flags, IOSQE_ASYNC);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_TIMEOUT);
	fake_uring_complete(f.ring, 0, -ETIME);
	expect(&f, 0, IORING_OP_READ, 0, 4096);
	fake_uring_complete(f.ring, 0, 1024);
	expect(&f, 0, IORING_OP_READ, 1024, 3072);
	assert_int_equal(fake_uring_entry(f.ring, 0)->flags, 0);
	fake_uring_complete(f.ring, 0, 3072);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

/* The total of the pauses, in ns, of a request that never succeeds. */
static uint64_t fail_for_ever(struct fixture *f, const struct test_req *r, int error,
			      unsigned *tries)
{
	uint64_t sum = 0;

	for (*tries = 0; r->result == PENDING && *tries < 1000; ++*tries) {
		fake_uring_complete(f->ring, 0, error);
		if (fake_uring_count(f->ring) &&
		    fake_uring_entry(f->ring, 0)->opcode == IORING_OP_TIMEOUT) {
			const struct __kernel_timespec *time =
				(void *)(uintptr_t)fake_uring_entry(f->ring, 0)->addr;

			sum += (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
			fake_uring_complete(f->ring, 0, -ETIME);
		}
	}
	return sum;
}

UNIT_TEST(a_file_system_that_is_never_ready_has_failed)
{
	static const enum mpr_blk_op ops[] = {MPR_BLK_READ, MPR_BLK_WRITE, MPR_BLK_FLUSH,
					      MPR_BLK_DISCARD};
	static const int errors[] = {-EAGAIN, -EINTR};
	struct mpr_blk_options options;
	struct fixture f;
	struct test_req r = {0};
	unsigned tries;
	uint64_t time;
	char *error;

	setup(&f, MPR_CACHE_WRITEBACK);
	assert_int_equal(mpr_blk_close(f.blk), 0);
	options = (struct mpr_blk_options){.file = f.path, .discard = true};
	assert_int_equal(mpr_blk_open(f.ring, &options, &f.blk, &error), 0);
	for (size_t i = 0; i < 2 * sizeof(ops) / sizeof(ops[0]); i++) {
		submit(&f, &r, ops[i / 2], 0, 4096);
		time = fail_for_ever(&f, &r, errors[i % 2], &tries);
		assert_int_equal(r.result, errors[i % 2]);
		assert_in_range(tries, 3, 50);
		assert_in_range(time, 1000000000, 10000000000);
	}
	/* Nothing was lost. */
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(a_request_that_is_given_up_pauses_no_more)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_NONE);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_TIMEOUT);
	mpr_blk_give_up(f.blk, &r.req);
	assert_int_equal(fake_uring_entry(f.ring, 1)->opcode, IORING_OP_TIMEOUT_REMOVE);
	assert_int_equal(fake_uring_entry(f.ring, 1)->addr, fake_uring_entry(f.ring, 0)->user_data);
	fake_uring_complete(f.ring, 1, 0);
	fake_uring_complete(f.ring, 0, -ECANCELED);
	assert_int_equal(r.result, -EAGAIN);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	mpr_blk_give_up(f.blk, &r.req);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	assert_int_equal(r.result, -EAGAIN);
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	mpr_blk_give_up(f.blk, &r.req);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	assert_int_equal(r.result, -EAGAIN);
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

/* One sync for both: it is tried again unless both have been given up. */
UNIT_TEST(flushes_that_are_given_up_pause_no_more)
{
	struct fixture f;
	struct test_req a = {0}, b = {0}, c = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &a, MPR_BLK_FLUSH, 0, 0);
	submit(&f, &b, MPR_BLK_FLUSH, 0, 0);
	submit(&f, &c, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, 0);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_TIMEOUT);
	mpr_blk_give_up(f.blk, &b.req);
	fake_uring_complete(f.ring, 1, 0);
	fake_uring_complete(f.ring, 0, -ECANCELED);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_FSYNC);
	fake_uring_complete(f.ring, 0, -EAGAIN);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_TIMEOUT);
	mpr_blk_give_up(f.blk, &c.req);
	fake_uring_complete(f.ring, 1, 0);
	fake_uring_complete(f.ring, 0, -ECANCELED);
	assert_int_equal(b.result, -EAGAIN);
	assert_int_equal(c.result, -EAGAIN);
	submit(&f, &a, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(a.result, 0);
	teardown(&f);
}

static void test_closing(struct mpr_blk_req *req, int result)
{
	struct test_req *r = (struct test_req *)req;

	r->result = result;
	assert_int_equal(mpr_blk_close(r->iov.iov_base), 0);
}

UNIT_TEST(image_may_be_closed_when_it_is_flushed)
{
	struct fixture f;
	struct test_req r = {.result = PENDING};

	setup(&f, MPR_CACHE_WRITEBACK);
	r.iov.iov_base = f.blk;
	r.req = (struct mpr_blk_req){.op = MPR_BLK_FLUSH, .done = test_closing};
	mpr_blk_submit(f.blk, &r.req);
	f.blk = NULL;
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(errors_reach_the_caller)
{
	static const int errors[] = {-EIO, -ENOSPC, -EFAULT};
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_NONE);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		submit(&f, &r, MPR_BLK_WRITE, 0, 4096); /* direct */
		fake_uring_complete(f.ring, 0, errors[i]);
		assert_int_equal(r.result, errors[i]);
		submit(&f, &r, MPR_BLK_WRITE, 10, 10); /* bounced, while it reads */
		fake_uring_complete(f.ring, 0, errors[i]);
		assert_int_equal(r.result, errors[i]);
	}
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, 0); /* nothing written: no progress */
	assert_int_equal(r.result, -EIO);
	assert_int_equal(mpr_blk_stats(f.blk)->failed_operations, 7);
	assert_int_equal(mpr_blk_stats(f.blk)->wr_operations, 0);
	teardown(&f);
}

UNIT_TEST(after_a_failed_flush_nothing_is_called_durable)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(r.result, -EIO);
	submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, -EIO);
	r.req.fua = true;
	submit(&f, &r, MPR_BLK_WRITE, 0, 512);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, -EIO);
	r.req.fua = false;
	submit(&f, &r, MPR_BLK_WRITE, 0, 512);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

/* The write failed, not a write-back: no earlier data is lost. */
UNIT_TEST(a_full_disk_does_not_end_durability)
{
	static const int errors[] = {-ENOSPC, -EDQUOT, -EIO};
	struct fixture f;
	struct test_req r = {.req.fua = true};

	setup(&f, MPR_CACHE_WRITEBACK);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		r.req.fua = true;
		submit(&f, &r, MPR_BLK_WRITE, 0, 512);
		fake_uring_complete(f.ring, 0, errors[i]);
		assert_int_equal(r.result, errors[i]);
		submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
		fake_uring_complete(f.ring, 0, 0);
		assert_int_equal(r.result, 0);
	}
	teardown(&f);
}

/* As with delayed allocation: write-back finds space or not. */
UNIT_TEST(a_full_disk_found_when_syncing_ends_durability)
{
	static const int errors[] = {-ENOSPC, -EDQUOT, -EIO};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct fixture f;
		struct test_req r = {.req.fua = true};

		setup(&f, MPR_CACHE_WRITEBACK);
		submit(&f, &r, MPR_BLK_WRITE, 0, 512);
		fake_uring_complete_full(f.ring, 0);
		fake_uring_complete(f.ring, 0, errors[i]);
		assert_int_equal(r.result, errors[i]);
		submit(&f, &r, MPR_BLK_FLUSH, 0, 0);
		fake_uring_complete(f.ring, 0, 0);
		assert_int_equal(r.result, errors[i]);
		teardown(&f);
	}
}

/* Two writes of one block: the second reads it when the first has written it. */
UNIT_TEST(writes_of_one_block_take_turns)
{
	struct fixture f;
	struct test_req a = {0}, b = {0};

	setup(&f, MPR_CACHE_NONE);
	submit(&f, &a, MPR_BLK_WRITE, 0, 100);
	submit(&f, &b, MPR_BLK_WRITE, 100, 100);
	assert_int_equal(fake_uring_count(f.ring), 1);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_READ);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(fake_uring_count(f.ring), 1);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_WRITE);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(a.result, 0);
	assert_int_equal(b.result, PENDING);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_READ);
	fake_uring_complete_full(f.ring, 0);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(b.result, 0);
	teardown(&f);
}

/* A whole-block write may not end between the read and the write-back. */
UNIT_TEST(whole_block_writes_wait_for_a_rewrite)
{
	struct fixture f;
	struct test_req part = {0}, whole = {0}, elsewhere = {0};

	setup(&f, MPR_CACHE_NONE);
	submit(&f, &part, MPR_BLK_WRITE, 10, 10);
	submit(&f, &whole, MPR_BLK_WRITE, 0, 4096);
	submit(&f, &elsewhere, MPR_BLK_WRITE, 8192, 4096);
	assert_int_equal(fake_uring_count(f.ring), 2);
	expect(&f, 1, IORING_OP_WRITE, 8192, 4096);
	fake_uring_complete(f.ring, 1, 4096);
	assert_int_equal(elsewhere.result, 0);
	fake_uring_complete_full(f.ring, 0);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(part.result, 0);
	expect(&f, 0, IORING_OP_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, 4096);
	assert_int_equal(whole.result, 0);
	teardown(&f);
}

/* The other way round, with two whole writes at once, and a failure. */
UNIT_TEST(a_rewrite_waits_for_whole_block_writes)
{
	struct fixture f;
	struct test_req a = {0}, b = {0}, part = {0};

	setup(&f, MPR_CACHE_NONE);
	submit(&f, &a, MPR_BLK_WRITE, 0, 4096);
	submit(&f, &b, MPR_BLK_WRITE, 4096, 4096);
	submit(&f, &part, MPR_BLK_WRITE, 4000, 200);
	assert_int_equal(fake_uring_count(f.ring), 2);
	fake_uring_complete(f.ring, 0, 4096);
	assert_int_equal(fake_uring_count(f.ring), 1);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(b.result, -EIO);
	assert_int_equal(fake_uring_count(f.ring), 1);
	assert_int_equal(fake_uring_entry(f.ring, 0)->opcode, IORING_OP_READ);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(part.result, -EIO);
	teardown(&f);
}

UNIT_TEST(reads_never_wait)
{
	struct fixture f;
	struct test_req part = {0}, read = {0};

	setup(&f, MPR_CACHE_NONE);
	submit(&f, &part, MPR_BLK_WRITE, 10, 10);
	submit(&f, &read, MPR_BLK_READ, 0, 4096);
	fake_uring_complete(f.ring, 1, 4096);
	assert_int_equal(read.result, 0);
	fake_uring_complete_full(f.ring, 0);
	fake_uring_complete_full(f.ring, 0);
	teardown(&f);
}

/* ---- rerror= and werror= ------------------------------------------------ */

UNIT_TEST(errors_may_be_ignored)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	mpr_blk_set_on_error(f.blk, MPR_BLK_REPORT, MPR_BLK_IGNORE);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(r.result, 0);
	assert_int_equal(mpr_blk_stats(f.blk)->failed_wr_operations, 1);
	assert_int_equal(mpr_blk_stats(f.blk)->last_action, MPR_BLK_IGNORE);
	submit(&f, &r, MPR_BLK_READ, 0, 4096);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(r.result, -EIO);
	assert_int_equal(mpr_blk_stats(f.blk)->last_action, MPR_BLK_REPORT);
	teardown(&f);
}

UNIT_TEST(held_requests_are_tried_again)
{
	struct fixture f;
	struct test_req a = {0}, b = {0};

	setup(&f, MPR_CACHE_NONE);
	mpr_blk_set_on_error(f.blk, MPR_BLK_STOP, MPR_BLK_STOP);
	submit(&f, &a, MPR_BLK_WRITE, 0, 4096);
	submit(&f, &b, MPR_BLK_READ, 8192, 4096);
	fake_uring_complete(f.ring, 0, -ENOSPC);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(a.result, PENDING);
	assert_int_equal(mpr_blk_held(f.blk), 2);
	assert_int_equal(mpr_blk_in_flight(f.blk), 0);
	assert_int_equal(mpr_blk_close(f.blk), -EBUSY);
	mpr_blk_retry(f.blk);
	assert_int_equal(mpr_blk_held(f.blk), 0);
	expect(&f, 0, IORING_OP_WRITE, 0, 4096);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(a.result, 0);
	expect(&f, 0, IORING_OP_READ, 8192, 4096);
	fake_uring_complete(f.ring, 0, -EIO); /* and again */
	assert_int_equal(mpr_blk_held(f.blk), 1);
	mpr_blk_retry(f.blk);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(b.result, 0);
	teardown(&f);
}

UNIT_TEST(held_request_is_given_up)
{
	struct fixture f;
	struct test_req a = {0}, b = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	mpr_blk_set_on_error(f.blk, MPR_BLK_REPORT, MPR_BLK_STOP);
	submit(&f, &a, MPR_BLK_WRITE, 0, 4096);
	submit(&f, &b, MPR_BLK_WRITE, 4096, 4096);
	mpr_blk_give_up(f.blk, &b.req); /* which is not held */
	fake_uring_complete(f.ring, 0, -EIO);
	fake_uring_complete(f.ring, 0, -ENOSPC);
	mpr_blk_give_up(f.blk, &b.req);
	assert_int_equal(b.result, PENDING); /* not from within */
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(b.result, -ENOSPC);
	assert_int_equal(a.result, PENDING);
	assert_int_equal(mpr_blk_stats(f.blk)->failed_operations, 2);
	mpr_blk_give_up(f.blk, &a.req);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(a.result, -EIO);
	teardown(&f);
}

UNIT_TEST(only_a_full_disk_stops)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	mpr_blk_set_on_error(f.blk, MPR_BLK_REPORT, MPR_BLK_ENOSPC);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(r.result, -EIO);
	submit(&f, &r, MPR_BLK_WRITE, 0, 4096);
	fake_uring_complete(f.ring, 0, -ENOSPC);
	assert_int_equal(mpr_blk_held(f.blk), 1);
	mpr_blk_retry(f.blk);
	fake_uring_complete_full(f.ring, 0);
	assert_int_equal(r.result, 0);
	teardown(&f);
}

UNIT_TEST(what_is_no_fault_of_the_disk_is_reported)
{
	struct fixture f;
	struct test_req r = {0};

	setup(&f, MPR_CACHE_WRITEBACK);
	mpr_blk_set_on_error(f.blk, MPR_BLK_STOP, MPR_BLK_STOP);
	submit(&f, &r, MPR_BLK_READ, 65536, 512);
	fake_uring_complete(f.ring, 0, 0);
	assert_int_equal(r.result, -EINVAL);
	submit(&f, &r, MPR_BLK_WRITE, 0, 512);
	r.req.report = true;
	fake_uring_complete(f.ring, 0, -EIO);
	assert_int_equal(r.result, -EIO);
	teardown(&f);
}

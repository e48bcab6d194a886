/* SPDX-License-Identifier: MIT */
/* Proves, by counts that noise cannot change, that requests at depth 16 take far fewer system
 * calls than requests, and no allocation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/blk/image.h"
#include "tests/common/unit.h"

#define DEPTH 16
#define REQUESTS 1600
#define SIZE (1024 * 1024)

static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
int __real_posix_memalign(void **memory, size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __wrap_posix_memalign(void **memory, size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

int __wrap_posix_memalign(void **memory, size_t align, size_t size)
{
	allocations++;
	return __real_posix_memalign(memory, align, size);
}

struct load;

struct slot {
	struct mpr_blk_req req;
	struct iovec iov;
	struct load *load;
};

/* DEPTH requests in flight until REQUESTS are done. */
struct load {
	struct mpr_blk *blk;
	struct slot slots[DEPTH];
	unsigned submitted, done;
};

static void submit(struct slot *slot)
{
	struct load *load = slot->load;

	if (load->submitted == REQUESTS)
		return;
	slot->req.offset = load->submitted++ * UINT64_C(4096) % SIZE;
	mpr_blk_submit(load->blk, &slot->req);
}

static void on_done(struct mpr_blk_req *req, int result)
{
	struct slot *slot = (struct slot *)req;

	assert_int_equal(result, 0);
	slot->load->done++;
	submit(slot);
}

static void start(struct load *load, enum mpr_blk_op op, uint8_t *memory)
{
	for (unsigned i = 0; i < DEPTH; i++) {
		struct slot *slot = &load->slots[i];

		slot->load = load;
		slot->iov = (struct iovec){memory + 4096 * i, 4096};
		slot->req = (struct mpr_blk_req){
			.op = op, .iov = &slot->iov, .niov = 1, .done = on_done};
		submit(slot);
	}
}

/* Runs the load to its end; returns the system calls that it took. */
static uint64_t run(struct mpr_uring *ring, struct load *load)
{
	const struct mpr_uring_stats *stats = mpr_uring_stats(ring);
	uint64_t before = stats->enters;

	while (load->done < REQUESTS) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
	return stats->enters - before;
}

struct fixture {
	struct mpr_uring *ring;
	struct load load;
	char *path;
	uint8_t *memory;
};

static void open_all(struct fixture *f, enum mpr_blk_cache cache)
{
	assert_int_equal(mpr_uring_create(2 * DEPTH, &f->ring), 0);
	f->path = image_create(SIZE);
	f->memory = image_memory(DEPTH * 4096);
	f->load = (struct load){.blk = image_open(f->ring, f->path, cache)};
}

static void close_all(struct fixture *f)
{
	assert_int_equal(mpr_blk_close(f->load.blk), 0);
	mpr_uring_destroy(f->ring);
	image_remove(f->path);
	free(f->memory);
}

/* Reads from the page cache complete as they are submitted, so that the number
 * of system calls depends on nothing else. */
UNIT_TEST(sixteen_in_flight_share_system_calls)
{
	struct fixture f;
	uint64_t enters;

	open_all(&f, MPR_CACHE_WRITEBACK);
	start(&f.load, MPR_BLK_READ, f.memory);
	enters = run(f.ring, &f.load);
	close_all(&f);
	if (enters > REQUESTS / 4)
		fail_msg("%u requests took %u system calls", REQUESTS, (unsigned)enters);
}

static void count_allocations(enum mpr_blk_cache cache, enum mpr_blk_op op)
{
	struct fixture f;
	uint64_t before, after;

	open_all(&f, cache);
	if (!f.load.blk) {
		close_all(&f);
		skip();
	}
	before = allocations;
	start(&f.load, op, f.memory);
	run(f.ring, &f.load);
	after = allocations;
	close_all(&f);
	assert_true(before > 0); /* they are counted */
	assert_int_equal(after - before, 0);
}

UNIT_TEST(reads_allocate_nothing)
{
	count_allocations(MPR_CACHE_NONE, MPR_BLK_READ);
}

UNIT_TEST(writes_allocate_nothing)
{
	count_allocations(MPR_CACHE_NONE, MPR_BLK_WRITE);
}

UNIT_TEST(writes_through_the_page_cache_allocate_nothing)
{
	count_allocations(MPR_CACHE_WRITEBACK, MPR_BLK_WRITE);
}

UNIT_TEST(flushes_allocate_nothing)
{
	count_allocations(MPR_CACHE_NONE, MPR_BLK_FLUSH);
}

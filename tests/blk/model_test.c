/* SPDX-License-Identifier: MIT */
/* Proves, with many random requests in flight, that an image always holds what
 * a plain array holds after the same writes, and that reads return it. */
#include <stdlib.h>
#include <string.h>

#include "blk/blk.h"
#include "tests/blk/image.h"
#include "tests/common/unit.h"

enum {
	IMAGE_SIZE = 256 * 1024,
	SLOTS = 24,	  /* requests in flight */
	REQUESTS = 6000,  /* a mode */
	LEN_MAX = 20000,  /* bytes of a request */
	ELEMENTS_MAX = 9, /* of its memory */
};

struct slot {
	struct mpr_blk_req req;
	bool busy;
	uint64_t offset, len;
	uint8_t *memory; /* of twice LEN_MAX */
	struct iovec iov[ELEMENTS_MAX];
	struct model *model;
};

struct model {
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	uint8_t bytes[IMAGE_SIZE];
	struct slot slots[SLOTS];
	uint64_t random;
};

/* xorshift64 */
static uint64_t next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/* A number below `limit` with an alignment chosen at random. */
static uint64_t random_aligned(struct model *m, uint64_t limit)
{
	static const uint64_t aligns[] = {1, 1, 2, 512, 512, 4096};
	uint64_t align = aligns[next_random(m) % 6];

	return next_random(m) % limit / align * align;
}

static bool overlaps_a_busy_slot(struct model *m, uint64_t offset, uint64_t len)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *s = &m->slots[i];

		if (s->busy && offset < s->offset + s->len && s->offset < offset + len)
			return true;
	}
	return false;
}

/* A range that no request in flight touches; small ones so that several lie in
 * one block. */
static void choose_range(struct model *m, struct slot *s)
{
	do {
		uint64_t limit = next_random(m) % 3 ? 600 : LEN_MAX;

		s->offset = random_aligned(m, IMAGE_SIZE);
		s->len = random_aligned(m, limit);
		if (s->len > IMAGE_SIZE - s->offset)
			s->len = IMAGE_SIZE - s->offset;
	} while (overlaps_a_busy_slot(m, s->offset, s->len));
}

/* Cuts the range into elements, placed one after the other with gaps. */
static void choose_memory(struct model *m, struct slot *s)
{
	uint8_t *place = s->memory + random_aligned(m, 5000);
	uint64_t left = s->len;

	s->req.niov = 0;
	while (left && s->req.niov < ELEMENTS_MAX - 1 && next_random(m) % 3) {
		uint64_t n = random_aligned(m, left + 1);

		s->iov[s->req.niov++] = (struct iovec){place, n};
		place += n + random_aligned(m, 520);
		left -= n;
	}
	s->iov[s->req.niov++] = (struct iovec){place, left};
}

static void write_model(struct model *m, struct slot *s)
{
	uint64_t offset = s->offset;

	for (unsigned i = 0; i < s->req.niov; i++) {
		uint8_t *mem = s->iov[i].iov_base;

		for (size_t j = 0; j < s->iov[i].iov_len; j++)
			mem[j] = next_random(m);
		memcpy(m->bytes + offset, mem, s->iov[i].iov_len);
		offset += s->iov[i].iov_len;
	}
}

static void check_read(struct model *m, struct slot *s)
{
	uint64_t offset = s->offset;

	for (unsigned i = 0; i < s->req.niov; i++) {
		assert_memory_equal(m->bytes + offset, s->iov[i].iov_base, s->iov[i].iov_len);
		offset += s->iov[i].iov_len;
	}
}

static void slot_done(struct mpr_blk_req *req, int result)
{
	struct slot *s = (struct slot *)req;

	assert_true(s->busy);
	assert_int_equal(result, 0);
	if (req->op == MPR_BLK_READ)
		check_read(s->model, s);
	s->busy = false;
}

static void start(struct model *m, struct slot *s)
{
	static const enum mpr_blk_op ops[] = {MPR_BLK_READ, MPR_BLK_WRITE, MPR_BLK_WRITE};

	s->req.op = next_random(m) % 50 ? ops[next_random(m) % 3] : MPR_BLK_FLUSH;
	s->req.fua = next_random(m) % 100 == 0;
	choose_range(m, s);
	choose_memory(m, s);
	if (s->req.op == MPR_BLK_WRITE)
		write_model(m, s);
	s->req.offset = s->offset;
	s->req.iov = s->iov;
	s->req.done = slot_done;
	s->model = m;
	s->busy = true;
	mpr_blk_submit(m->blk, &s->req);
}

static void reap(struct model *m)
{
	assert_int_equal(mpr_uring_wait(m->ring, UINT64_MAX), 0);
	mpr_uring_reap(m->ring);
}

static void run(struct model *m, unsigned requests)
{
	while (requests) {
		for (unsigned i = 0; i < SLOTS && requests; i++) {
			if (!m->slots[i].busy) {
				start(m, &m->slots[i]);
				requests--;
			}
		}
		reap(m);
	}
	while (mpr_blk_in_flight(m->blk))
		reap(m);
}

static void assert_file_is_the_model(struct model *m, const char *path)
{
	uint64_t size;
	uint8_t *file = image_contents(path, &size);

	assert_int_equal(size, IMAGE_SIZE);
	assert_memory_equal(file, m->bytes, IMAGE_SIZE);
	free(file);
}

static struct model *model_create(void)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->random = 88172645463325252u;
	for (uint64_t i = 0; i < IMAGE_SIZE; i++)
		m->bytes[i] = image_byte(i);
	for (unsigned i = 0; i < SLOTS; i++)
		m->slots[i].memory = image_memory(2 * LEN_MAX);
	assert_int_equal(mpr_uring_create(64, &m->ring), 0);
	return m;
}

static void model_free(struct model *m)
{
	mpr_uring_destroy(m->ring);
	for (unsigned i = 0; i < SLOTS; i++)
		free(m->slots[i].memory);
	free(m);
}

static void random_requests(void **state)
{
	enum mpr_blk_cache cache = *(enum mpr_blk_cache *)*state;
	struct model *m = model_create();
	char *path = image_create(IMAGE_SIZE);
	bool opened;

	m->blk = image_open(m->ring, path, cache);
	opened = m->blk;
	if (opened) {
		run(m, REQUESTS);
		assert_file_is_the_model(m, path);
		assert_int_equal(mpr_blk_close(m->blk), 0);
	}
	model_free(m);
	image_remove(path);
	if (!opened)
		skip();
}

int main(void)
{
	static enum mpr_blk_cache modes[] = {MPR_CACHE_WRITEBACK, MPR_CACHE_NONE,
					     MPR_CACHE_DIRECTSYNC};
	const struct CMUnitTest tests[] = {
		{"random_requests_writeback", random_requests, NULL, NULL, &modes[0]},
		{"random_requests_none", random_requests, NULL, NULL, &modes[1]},
		{"random_requests_directsync", random_requests, NULL, NULL, &modes[2]},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */

#include "tests/blk/image.h"
#include "tests/common/unit.h"

struct waited_req {
	struct mpr_blk_req req;
	bool done;
	int result;
};

static void waited_done(struct mpr_blk_req *req, int result)
{
	struct waited_req *waited = (struct waited_req *)req;

	assert_false(waited->done);
	waited->done = true;
	waited->result = result;
}

int image_request(struct mpr_uring *ring, struct mpr_blk *blk, enum mpr_blk_op op, uint64_t offset,
		  const struct iovec *iov, unsigned niov)
{
	struct waited_req waited = {
		.req = {.op = op, .offset = offset, .iov = iov, .niov = niov, .done = waited_done}};

	mpr_blk_submit(blk, &waited.req);
	assert_false(waited.done);
	while (!waited.done) {
		assert_int_equal(mpr_uring_wait(ring, UINT64_MAX), 0);
		mpr_uring_reap(ring);
	}
	return waited.result;
}

int image_read(struct mpr_uring *ring, struct mpr_blk *blk, uint64_t offset, void *buf, size_t len)
{
	struct iovec iov = {buf, len};

	return image_request(ring, blk, MPR_BLK_READ, offset, &iov, 1);
}

int image_write(struct mpr_uring *ring, struct mpr_blk *blk, uint64_t offset, const void *buf,
		size_t len)
{
	struct iovec iov = {(void *)buf, len};

	return image_request(ring, blk, MPR_BLK_WRITE, offset, &iov, 1);
}

/* SPDX-License-Identifier: MIT */
#include "tests/scsi/fake_blk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATA (32u << 20)

struct mpr_blk *fake_blk_new(uint64_t size)
{
	struct mpr_blk *blk = calloc(1, sizeof(*blk));

	blk->size = size;
	blk->data_size = size < MAX_DATA ? size : MAX_DATA;
	blk->data = calloc(1, blk->data_size ? blk->data_size : 1);
	blk->write_cache = true;
	return blk;
}

void fake_blk_free(struct mpr_blk *blk)
{
	free(blk->data);
	free(blk);
}

static uint64_t length_of(const struct mpr_blk_req *req)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < req->niov; i++)
		len += req->iov[i].iov_len;
	return len;
}

void mpr_blk_submit(struct mpr_blk *blk, struct mpr_blk_req *req)
{
	if (blk->in_flight == FAKE_BLK_MAX)
		abort();
	blk->queue[blk->in_flight++] = req;
	blk->reads += req->op == MPR_BLK_READ;
	blk->writes += req->op == MPR_BLK_WRITE;
	blk->flushes += req->op == MPR_BLK_FLUSH;
	blk->discards += req->op == MPR_BLK_DISCARD;
	blk->fua_writes += req->op == MPR_BLK_WRITE && req->fua;
	blk->last.op = req->op;
	blk->last.fua = req->fua;
	blk->last.offset = req->offset;
	blk->last.length = length_of(req);
	blk->last.niov = req->niov;
	blk->last.base = req->niov ? req->iov[0].iov_base : NULL;
}

/* Nothing is ever held. */
void mpr_blk_give_up(struct mpr_blk *blk, struct mpr_blk_req *req)
{
	(void)blk;
	(void)req;
}

static void move_piece(struct mpr_blk *blk, enum mpr_blk_op op, uint64_t offset, void *base,
		       size_t len)
{
	uint64_t backed = offset < blk->data_size ? blk->data_size - offset : 0;
	size_t n = len < backed ? len : (size_t)backed;

	if (op == MPR_BLK_WRITE) {
		memcpy(blk->data + (n ? offset : 0), base, n);
		return;
	}
	if (op == MPR_BLK_DISCARD) {
		memset(blk->data + (n ? offset : 0), 0, n);
		return;
	}
	memcpy(base, blk->data + (n ? offset : 0), n);
	memset((uint8_t *)base + n, 0, len - n);
}

static int perform(struct mpr_blk *blk, const struct mpr_blk_req *req)
{
	uint64_t offset = req->offset, len = length_of(req);

	if (blk->error)
		return blk->error;
	if (offset > blk->size || len > blk->size - offset)
		return -EINVAL;
	if (req->op == MPR_BLK_WRITE && blk->read_only)
		return -EROFS;
	for (unsigned i = 0; i < req->niov; i++) {
		move_piece(blk, req->op, offset, req->iov[i].iov_base, req->iov[i].iov_len);
		offset += req->iov[i].iov_len;
	}
	return 0;
}

void fake_blk_end(struct mpr_blk *blk, unsigned age)
{
	struct mpr_blk_req *req = blk->queue[age];

	blk->in_flight--;
	memmove(&blk->queue[age], &blk->queue[age + 1],
		(blk->in_flight - age) * sizeof(blk->queue[0]));
	req->done(req, perform(blk, req));
}

void fake_blk_end_all(struct mpr_blk *blk)
{
	while (blk->in_flight)
		fake_blk_end(blk, 0);
}

uint64_t mpr_blk_size(const struct mpr_blk *blk)
{
	return blk->size;
}

bool mpr_blk_read_only(const struct mpr_blk *blk)
{
	return blk->read_only;
}

bool mpr_blk_discards(const struct mpr_blk *blk)
{
	return blk->discard;
}

bool mpr_blk_write_cache(const struct mpr_blk *blk)
{
	return blk->write_cache;
}

void mpr_blk_enable_write_cache(struct mpr_blk *blk)
{
	blk->write_cache = true;
}

unsigned mpr_blk_in_flight(const struct mpr_blk *blk)
{
	return blk->in_flight;
}

/* SPDX-License-Identifier: MIT */
#include "blk/bounce.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "blk/transfer.h"

/* The most that is copied at once; a multiple of every block size. */
#define PIECE_MAX (1024 * 1024)

struct mpr_bounce {
	struct mpr_transfer transfer;
	struct iovec part; /* of the buffer, that is being transferred */
	struct mpr_blk_stats *stats;
	struct mpr_blk_req *req;
	void (*fn)(struct mpr_bounce *bounce, struct mpr_blk_req *req, int result);
	bool write;
	int rw_flags;
	char *buf;
	uint64_t offset, len;	 /* what is left of the request */
	const struct iovec *iov; /* its next memory */
	size_t skip;		 /* bytes of *iov that are done */
	uint64_t start, end;	 /* the present piece, in whole blocks */
	/* Blocks of the piece to be read before it can be written. */
	bool need_head, need_tail;
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t round_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

static uint64_t round_up(uint64_t value, uint64_t align)
{
	return round_down(value + align - 1, align);
}

static bool aligned(uint64_t value, uint64_t align)
{
	return !(value & (align - 1));
}

bool mpr_bounce_needed(const struct mpr_file *file, const struct mpr_blk_req *req, uint64_t len)
{
	/* A request with more elements than one operation takes is split between elements. */
	uint64_t len_align = req->niov > IOV_MAX ? file->offset_align : file->mem_align;

	if (file->offset_align == 1)
		return false;
	if (!aligned(req->offset | len, file->offset_align))
		return true;
	for (unsigned i = 0; i < req->niov; i++) {
		if (!aligned((uintptr_t)req->iov[i].iov_base, file->mem_align) ||
		    !aligned(req->iov[i].iov_len, len_align))
			return true;
	}
	return false;
}

bool mpr_bounce_rewrites(const struct mpr_file *file, const struct mpr_blk_req *req, uint64_t len)
{
	return req->op == MPR_BLK_WRITE && !aligned(req->offset | len, file->offset_align);
}

/* Bytes of the request that lie in the present piece. */
static uint64_t piece_bytes(const struct mpr_bounce *b)
{
	return min_u64(b->len, b->end - b->offset);
}

/* Copies between the present piece and the request's memory. */
static void copy_piece(struct mpr_bounce *b)
{
	uint64_t left = piece_bytes(b);
	char *buf = b->buf + (b->offset - b->start);

	b->stats->bounced_bytes += left;
	while (left) {
		size_t n = min_u64(left, b->iov->iov_len - b->skip);
		char *mem = (char *)b->iov->iov_base + b->skip;

		if (n == 0) {
			b->iov++;
			b->skip = 0;
			continue;
		}
		memcpy(b->write ? buf : mem, b->write ? mem : buf, n);
		buf += n;
		b->skip += n;
		left -= n;
	}
}

/* Reads or writes the blocks from start to end, in the present piece. */
static void transfer_blocks(struct mpr_bounce *b, bool write, uint64_t start, uint64_t end)
{
	b->part.iov_base = b->buf + (start - b->start);
	b->part.iov_len = end - start;
	b->transfer.iov = &b->part;
	b->transfer.niov = 1;
	b->transfer.write = write;
	b->transfer.rw_flags = write ? b->rw_flags : 0;
	b->transfer.offset = start;
	b->transfer.len = end - start;
	mpr_transfer_start(&b->transfer);
}

/* The next transfer of the present piece. */
static void continue_piece(struct mpr_bounce *b)
{
	uint64_t block = b->transfer.file->offset_align;

	if (b->need_head) {
		b->need_head = false;
		transfer_blocks(b, false, b->start, b->start + block);
	} else if (b->need_tail) {
		b->need_tail = false;
		transfer_blocks(b, false, b->end - block, b->end);
	} else {
		if (b->write)
			copy_piece(b);
		transfer_blocks(b, b->write, b->start, b->end);
	}
}

static void start_piece(struct mpr_bounce *b)
{
	uint64_t block = b->transfer.file->offset_align;

	b->start = round_down(b->offset, block);
	b->end = min_u64(round_up(b->offset + b->len, block), b->start + PIECE_MAX);
	b->need_head = b->write && b->offset > b->start;
	b->need_tail = b->write && b->offset + b->len < b->end &&
		       !(b->need_head && b->end - b->start == block);
	continue_piece(b);
}

static void piece_done(struct mpr_bounce *b)
{
	uint64_t bytes = piece_bytes(b);

	if (!b->write)
		copy_piece(b);
	b->offset += bytes;
	b->len -= bytes;
	if (b->len)
		start_piece(b);
	else
		b->fn(b, b->req, 0);
}

static void transfer_done(struct mpr_transfer *transfer, int result)
{
	struct mpr_bounce *b = mpr_container_of(transfer, struct mpr_bounce, transfer);

	if (result < 0)
		b->fn(b, b->req, result);
	else if (transfer->write == b->write)
		piece_done(b);
	else
		continue_piece(b);
}

struct mpr_bounce *mpr_bounce_new(struct mpr_blk *blk, const struct mpr_file *file,
				  struct mpr_blk_req *req, uint64_t len, int rw_flags,
				  void (*fn)(struct mpr_bounce *bounce, struct mpr_blk_req *req,
					     int result))
{
	uint64_t block = file->offset_align;
	uint64_t span = round_up(req->offset + len, block) - round_down(req->offset, block);
	struct mpr_bounce *b = calloc(1, sizeof(*b));
	void *buf;

	if (!b)
		return NULL;
	if (posix_memalign(&buf, block, min_u64(span, PIECE_MAX))) {
		free(b);
		return NULL;
	}
	b->buf = buf;
	b->transfer.file = file;
	b->transfer.retry.req = req;
	b->transfer.fn = transfer_done;
	b->stats = &blk->stats;
	b->req = req;
	b->fn = fn;
	b->write = req->op == MPR_BLK_WRITE;
	b->rw_flags = rw_flags;
	b->offset = req->offset;
	b->len = len;
	b->iov = req->iov;
	return b;
}

void mpr_bounce_start(struct mpr_bounce *b)
{
	b->stats->bounced_requests++;
	start_piece(b);
}

void mpr_bounce_free(struct mpr_bounce *b)
{
	free(b->buf);
	free(b);
}

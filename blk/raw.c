/* SPDX-License-Identifier: MIT */
/* Raw images: the guest's disk is the file, byte for byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk/bounce.h"
#include "blk/driver.h"
#include "blk/file.h"
#include "blk/finish.h"
#include "blk/range.h"
#include "blk/retry.h"
#include "blk/sync.h"
#include "blk/transfer.h"
#include "blk/zeroes.h"

#define SECTOR 512

struct raw {
	struct mpr_blk blk;
	struct mpr_file file;
	struct mpr_ranges writes; /* in flight; with direct I/O only */
	struct mpr_syncs syncs;
};

/* The private part of a request. */
struct raw_req {
	struct raw *raw;
	uint64_t len;
	struct mpr_range range;
	struct mpr_bounce *bounce; /* NULL: the request's own memory is used */
	int fallocate;		   /* its mode; 0: the request is another operation */
	union {
		struct mpr_transfer transfer;
		struct mpr_sync sync;
		struct mpr_retry retry; /* of fallocate() */
	};
} __attribute__((may_alias));

_Static_assert(sizeof(struct raw_req) <= MPR_BLK_PRIV_SIZE, "fits in a request");

static struct mpr_blk_req *req_of(struct raw_req *r)
{
	return mpr_container_of(r, struct mpr_blk_req, priv);
}

static bool is_direct(const struct raw *raw)
{
	return mpr_cache_is_direct(raw->blk.cache);
}

static bool must_sync(const struct raw *raw, const struct mpr_blk_req *req)
{
	if (raw->blk.cache == MPR_CACHE_UNSAFE)
		return false;
	return req->op == MPR_BLK_FLUSH ||
	       (req->op == MPR_BLK_WRITE && (req->fua || mpr_cache_is_durable(raw->blk.cache)));
}

static void finish(struct raw_req *r, int result)
{
	struct mpr_blk_req *req = req_of(r);
	struct raw *raw = r->raw;

	if (req->op == MPR_BLK_WRITE && is_direct(raw))
		mpr_ranges_release(&raw->writes, &r->range);
	mpr_blk_finish(&raw->blk, req, r->len, result);
}

static void synced(struct mpr_sync *sync, int result)
{
	finish(mpr_container_of(sync, struct raw_req, sync), result);
}

static void sync_start(struct raw_req *r, uint64_t offset, uint64_t len)
{
	r->sync = (struct mpr_sync){
		.req = req_of(r),
		.offset = offset,
		.len = len,
		.fn = synced,
	};
	mpr_sync_start(&r->raw->syncs, &r->sync);
}

/*
 * Through the page cache, a write is made durable by a second operation. If a write with
 * RWF_DSYNC fails, it does not say whether the write itself failed, which loses nothing,
 * or the write-back of older data, which does.
 */
static bool syncs_after(const struct raw *raw, const struct mpr_blk_req *req)
{
	return !is_direct(raw) && must_sync(raw, req);
}

static void transfer_done(struct mpr_transfer *transfer, int result)
{
	struct raw_req *r = mpr_container_of(transfer, struct raw_req, transfer);
	const struct mpr_blk_req *req = req_of(r);

	if (result == 0 && syncs_after(r->raw, req))
		sync_start(r, req->offset, r->len);
	else
		finish(r, result);
}

static void bounce_done(struct mpr_bounce *bounce, struct mpr_blk_req *req, int result)
{
	mpr_bounce_free(bounce);
	finish((struct raw_req *)req->priv, result);
}

/* ---- fallocate() -------------------------------------------------------- */

/* The kernel keeps the rest of a block that is discarded or zeroed in part. */
static void fallocate_issue(struct mpr_retry *retry)
{
	struct raw_req *r = mpr_container_of(retry, struct raw_req, retry);
	struct io_uring_sqe *sqe = mpr_uring_sqe(r->raw->blk.ring, &retry->op);

	io_uring_prep_fallocate(sqe, r->raw->file.fd, r->fallocate, (off_t)req_of(r)->offset,
				(off_t)r->len);
	sqe->flags |= mpr_retry_flags(retry);
	if (r->raw->file.io_ring == r->raw->blk.ring)
		mpr_uring_use_file(sqe, r->raw->file.slot);
}

static void start(struct raw_req *r);
static bool prepare_transfer(struct raw_req *r);

/* The file system cannot mark zeros: write them, this time and from now on. */
static void write_zeroes(struct raw_req *r)
{
	r->raw->blk.zeroes = MPR_BLK_ZEROES_WRITE;
	if (prepare_transfer(r))
		start(r);
	else
		finish(r, -ENOMEM);
}

static void zeroed(struct raw_req *r, int res)
{
	const struct mpr_blk_req *req = req_of(r);

	if (res == -EOPNOTSUPP)
		write_zeroes(r);
	else if (res == 0 && must_sync(r->raw, req))
		sync_start(r, req->offset, r->len);
	else
		finish(r, res);
}

/* A file system without holes cannot discard; the bytes stay, which is no error. */
static void fallocate_done(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct raw_req *r = mpr_container_of(op, struct raw_req, retry.op);

	(void)flags;
	if (res < 0 && mpr_retry_after(&r->retry, &res))
		return;
	if (req_of(r)->op == MPR_BLK_WRITE)
		zeroed(r, res);
	else
		finish(r, res == -EOPNOTSUPP ? 0 : res);
}

static void fallocate_start(struct raw_req *r)
{
	r->retry = (struct mpr_retry){
		.op.fn = fallocate_done,
		.ring = r->raw->blk.ring,
		.issue = fallocate_issue,
		.req = req_of(r),
	};
	fallocate_issue(&r->retry);
}

/* ---- Reads and writes --------------------------------------------------- */

static void transfer_prepare(struct raw_req *r, int rw_flags)
{
	struct mpr_blk_req *req = req_of(r);

	r->transfer = (struct mpr_transfer){
		.file = &r->raw->file,
		.retry.req = req,
		.iov = req->iov,
		.niov = req->niov,
		.write = req->op == MPR_BLK_WRITE,
		.rw_flags = rw_flags,
		.offset = req->offset,
		.len = r->len,
		.fn = transfer_done,
	};
}

static void start(struct raw_req *r)
{
	if (r->fallocate)
		fallocate_start(r);
	else if (r->bounce)
		mpr_bounce_start(r->bounce);
	else
		mpr_transfer_start(&r->transfer);
}

static void range_granted(struct mpr_range *range)
{
	start(mpr_container_of(range, struct raw_req, range));
}

/* The blocks that a write touches. */
static void range_prepare(struct raw_req *r)
{
	const struct mpr_blk_req *req = req_of(r);
	uint64_t mask = r->raw->file.offset_align - 1;

	r->range.start = req->offset & ~mask;
	r->range.end = (req->offset + r->len + mask) & ~mask;
	r->range.exclusive = mpr_bounce_rewrites(&r->raw->file, req, r->len);
	r->range.fn = range_granted;
}

/* False: out of memory. */
static bool prepare_transfer(struct raw_req *r)
{
	struct raw *raw = r->raw;
	struct mpr_blk_req *req = req_of(r);
	int rw_flags = is_direct(raw) && must_sync(raw, req) ? RWF_DSYNC : 0;

	r->fallocate = 0;
	r->bounce = NULL;
	if (!mpr_bounce_needed(&raw->file, req, r->len)) {
		transfer_prepare(r, rw_flags);
		return true;
	}
	r->bounce = mpr_bounce_new(&raw->blk, &raw->file, req, r->len, rw_flags, bounce_done);
	return r->bounce;
}

/* With direct I/O, once its range is granted. */
static void start_write(struct raw_req *r)
{
	if (is_direct(r->raw)) {
		range_prepare(r);
		if (!mpr_ranges_acquire(&r->raw->writes, &r->range))
			return;
	}
	start(r);
}

static void submit_transfer(struct raw *raw, struct mpr_blk_req *req, uint64_t len)
{
	struct raw_req *r = (struct raw_req *)req->priv;

	r->raw = raw;
	r->len = len;
	if (!prepare_transfer(r))
		mpr_blk_finish_later(&raw->blk, req, -ENOMEM);
	else if (req->op == MPR_BLK_WRITE)
		start_write(r);
	else
		start(r);
}

/* Whole blocks within the file: this fallocate() does not extend it. */
static bool only_zeroes(const struct raw *raw, const struct mpr_blk_req *req, uint64_t len)
{
	uint64_t mask = raw->file.offset_align - 1;

	return req->op == MPR_BLK_WRITE && raw->blk.zeroes && !((req->offset | len) & mask) &&
	       req->offset + len <= raw->file.length && mpr_is_zero(req->iov, req->niov);
}

static void submit_zeroes(struct raw *raw, struct mpr_blk_req *req, uint64_t len)
{
	struct raw_req *r = (struct raw_req *)req->priv;

	r->raw = raw;
	r->len = len;
	r->fallocate = FALLOC_FL_KEEP_SIZE |
		       (raw->blk.zeroes == MPR_BLK_ZEROES_UNMAP ? FALLOC_FL_PUNCH_HOLE
								: FALLOC_FL_ZERO_RANGE);
	start_write(r);
}

static void submit_flush(struct raw *raw, struct mpr_blk_req *req)
{
	struct raw_req *r = (struct raw_req *)req->priv;

	r->raw = raw;
	r->len = 0;
	sync_start(r, 0, 0);
}

static void submit_discard(struct raw *raw, struct mpr_blk_req *req, uint64_t len)
{
	struct raw_req *r = (struct raw_req *)req->priv;

	r->raw = raw;
	r->len = len;
	r->fallocate = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	start(r);
}

static void raw_submit(struct mpr_blk *blk, struct mpr_blk_req *req, uint64_t len)
{
	struct raw *raw = mpr_container_of(blk, struct raw, blk);

	if (raw->syncs.error && must_sync(raw, req))
		mpr_blk_finish_later(blk, req, raw->syncs.error);
	else if (req->op == MPR_BLK_FLUSH && !must_sync(raw, req))
		mpr_blk_finish_later(blk, req, 0);
	else if (req->op == MPR_BLK_FLUSH)
		submit_flush(raw, req);
	else if (req->op == MPR_BLK_DISCARD)
		submit_discard(raw, req, len);
	else if (only_zeroes(raw, req, len))
		submit_zeroes(raw, req, len);
	else
		submit_transfer(raw, req, len);
}

static int raw_open(struct mpr_uring *ring, const struct mpr_blk_options *options,
		    struct mpr_blk **blk, char **error)
{
	struct raw *raw = calloc(1, sizeof(*raw));
	int err;

	if (!raw)
		return -ENOMEM;
	err = mpr_file_open(&raw->file, ring, options, error);
	if (err) {
		free(raw);
		return err;
	}
	raw->syncs.file = &raw->file;
	raw->syncs.cached = !mpr_cache_is_direct(options->cache);
	raw->blk.size = (raw->file.length + SECTOR - 1) / SECTOR * SECTOR;
	*blk = &raw->blk;
	return 0;
}

/* A block device cannot be resized. */
static int raw_resize(struct mpr_blk *blk, uint64_t size)
{
	struct raw *raw = mpr_container_of(blk, struct raw, blk);
	struct stat st;

	if (fstat(raw->file.fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || size % raw->file.offset_align)
		return -EINVAL;
	if (ftruncate(raw->file.fd, (off_t)size) < 0)
		return -errno;
	raw->file.length = size;
	return 0;
}

static int raw_share(struct mpr_blk *blk, bool share)
{
	return mpr_file_share(&mpr_container_of(blk, struct raw, blk)->file, share);
}

static void raw_close(struct mpr_blk *blk)
{
	struct raw *raw = mpr_container_of(blk, struct raw, blk);

	mpr_file_close(&raw->file);
	free(raw);
}

const struct mpr_blk_driver mpr_blk_raw = {
	.format = "raw",
	.open = raw_open,
	.close = raw_close,
	.submit = raw_submit,
	.resize = raw_resize,
	.share = raw_share,
};

/* SPDX-License-Identifier: MIT */
#include "blk/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk/driver.h"
#include "blk/retry.h"

static const struct mpr_blk_driver *const drivers[] = {&mpr_blk_raw};

static const struct mpr_blk_driver *find_driver(const char *format)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (!format || !strcmp(format, drivers[i]->format))
			return drivers[i];
	}
	return NULL;
}

int mpr_blk_open(struct mpr_uring *ring, const struct mpr_blk_options *options,
		 struct mpr_blk **out, char **error)
{
	const struct mpr_blk_driver *driver = find_driver(options->format);
	struct mpr_blk *blk;
	int err;

	*error = NULL;
	if (!driver) {
		if (asprintf(error, "%s: no image format '%s': use format=raw", options->file,
			     options->format) < 0)
			*error = NULL;
		return -EINVAL;
	}
	err = driver->open(ring, options, &blk, error);
	if (err < 0)
		return err;
	blk->driver = driver;
	blk->ring = ring;
	blk->read_only = options->read_only;
	blk->discard = options->discard;
	blk->zeroes = options->zeroes;
	blk->cache = options->cache;
	*out = blk;
	return 0;
}

int mpr_blk_close(struct mpr_blk *blk)
{
	if (!blk)
		return 0;
	if (blk->in_flight || blk->held)
		return -EBUSY;
	blk->driver->close(blk);
	return 0;
}

static void account(struct mpr_blk_stats *stats, const struct mpr_blk_req *req, uint64_t len)
{
	switch (req->op) {
	case MPR_BLK_READ:
		stats->rd_operations++;
		stats->rd_bytes += len;
		break;
	case MPR_BLK_WRITE:
		stats->wr_operations++;
		stats->wr_bytes += len;
		if (stats->wr_highest_offset < req->offset + len)
			stats->wr_highest_offset = req->offset + len;
		break;
	case MPR_BLK_FLUSH:
		stats->flush_operations++;
		break;
	case MPR_BLK_DISCARD:
		stats->discard_operations++;
		stats->discard_bytes += len;
		break;
	}
}

static void account_failure(struct mpr_blk_stats *stats, enum mpr_blk_op op, int result)
{
	stats->failed_operations++;
	stats->failed_rd_operations += op == MPR_BLK_READ;
	stats->failed_wr_operations += op == MPR_BLK_WRITE;
	stats->failed_flush_operations += op == MPR_BLK_FLUSH;
	stats->failed_discard_operations += op == MPR_BLK_DISCARD;
	stats->last_failed = op;
	stats->last_error = result;
}

/* ---- Failures ----------------------------------------------------------- */

/* In the private part of a request that is held. */
struct held {
	struct mpr_blk_req *next;
	int result;
} __attribute__((may_alias));

_Static_assert(sizeof(struct held) <= MPR_BLK_PRIV_SIZE, "fits in a request");

static struct held *held_of(struct mpr_blk_req *req)
{
	return (struct held *)req->priv;
}

static void hold(struct mpr_blk *blk, struct mpr_blk_req *req, int result)
{
	struct mpr_blk_req **link = &blk->held;

	while (*link)
		link = &held_of(*link)->next;
	*held_of(req) = (struct held){.result = result};
	*link = req;
}

static enum mpr_blk_on_error action_of(const struct mpr_blk *blk, const struct mpr_blk_req *req,
				       int result)
{
	enum mpr_blk_on_error action = blk->on_error[req->op != MPR_BLK_READ];

	if (req->report)
		return MPR_BLK_REPORT;
	if (action == MPR_BLK_ENOSPC)
		return result == -ENOSPC || result == -EDQUOT ? MPR_BLK_STOP : MPR_BLK_REPORT;
	return action;
}

/* A request whose error was accounted for. */
static void fail(struct mpr_blk *blk, struct mpr_blk_req *req, int result,
		 enum mpr_blk_on_error action)
{
	blk->stats.last_action = action;
	if (action == MPR_BLK_STOP)
		hold(blk, req, result);
	else
		req->done(req, action == MPR_BLK_IGNORE ? 0 : result);
}

void mpr_blk_finish(struct mpr_blk *blk, struct mpr_blk_req *req, uint64_t len, int result)
{
	blk->in_flight--;
	if (result < 0) {
		account_failure(&blk->stats, req->op, result);
		fail(blk, req, result, action_of(blk, req, result));
		return;
	}
	account(&blk->stats, req, len);
	req->done(req, result);
}

void mpr_blk_set_on_error(struct mpr_blk *blk, enum mpr_blk_on_error read,
			  enum mpr_blk_on_error write)
{
	blk->on_error[0] = read;
	blk->on_error[1] = write;
}

unsigned mpr_blk_held(const struct mpr_blk *blk)
{
	unsigned n = 0;

	for (struct mpr_blk_req *req = blk->held; req; req = held_of(req)->next)
		n++;
	return n;
}

void mpr_blk_retry(struct mpr_blk *blk)
{
	struct mpr_blk_req *req;

	while ((req = blk->held)) {
		blk->held = held_of(req)->next;
		mpr_blk_submit(blk, req);
	}
}

/* ---- Requests without I/O ----------------------------------------------- */

/* A request that ends without I/O; its result is known at once but must not
 * be given from within mpr_blk_submit(). */
struct immediate {
	struct mpr_uring_op op;
	struct mpr_blk *blk;
	int result;
	bool reported; /* whatever becomes of errors */
} __attribute__((may_alias));

_Static_assert(sizeof(struct immediate) <= MPR_BLK_PRIV_SIZE, "fits in a request");

static void immediate_done(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	const struct immediate *immediate = mpr_container_of(op, struct immediate, op);
	struct mpr_blk_req *req = mpr_container_of(immediate, struct mpr_blk_req, priv);
	struct mpr_blk *blk = immediate->blk;

	(void)res;
	(void)flags;
	if (!immediate->reported) {
		mpr_blk_finish(blk, req, 0, immediate->result);
		return;
	}
	blk->in_flight--;
	fail(blk, req, immediate->result, MPR_BLK_REPORT);
}

static void finish_later(struct mpr_blk *blk, struct mpr_blk_req *req, int result, bool reported)
{
	struct immediate *immediate = (struct immediate *)req->priv;

	immediate->op.fn = immediate_done;
	immediate->blk = blk;
	immediate->result = result;
	immediate->reported = reported;
	io_uring_prep_nop(mpr_uring_sqe(blk->ring, &immediate->op));
}

void mpr_blk_finish_later(struct mpr_blk *blk, struct mpr_blk_req *req, int result)
{
	finish_later(blk, req, result, false);
}

static void refuse(struct mpr_blk *blk, struct mpr_blk_req *req, int result)
{
	account_failure(&blk->stats, req->op, result);
	finish_later(blk, req, result, true);
}

void mpr_blk_give_up(struct mpr_blk *blk, struct mpr_blk_req *req)
{
	struct mpr_blk_req **link = &blk->held;

	req->given_up = true;
	if (req->retry)
		mpr_retry_stop(req->retry);
	while (*link && *link != req)
		link = &held_of(*link)->next;
	if (!*link)
		return;
	*link = held_of(req)->next;
	blk->in_flight++;
	finish_later(blk, req, held_of(req)->result, true);
}

/* ---- Starting ----------------------------------------------------------- */

/* Adds up the request's elements. 0 or -EINVAL. */
static int request_length(const struct mpr_blk_req *req, uint64_t *len)
{
	*len = 0;
	if (req->op == MPR_BLK_FLUSH)
		return 0;
	for (unsigned i = 0; i < req->niov; i++) {
		if (__builtin_add_overflow(*len, req->iov[i].iov_len, len))
			return -EINVAL;
	}
	return 0;
}

static int check(const struct mpr_blk *blk, const struct mpr_blk_req *req, uint64_t *len)
{
	if ((unsigned)req->op > MPR_BLK_DISCARD || request_length(req, len))
		return -EINVAL;
	if (req->op == MPR_BLK_FLUSH)
		return 0;
	if (req->op != MPR_BLK_READ && blk->read_only)
		return -EROFS;
	if (req->offset > blk->size || *len > blk->size - req->offset)
		return -EINVAL;
	return 0;
}

static bool is_nothing(const struct mpr_blk *blk, const struct mpr_blk_req *req, uint64_t len)
{
	return (req->op != MPR_BLK_FLUSH && len == 0) ||
	       (req->op == MPR_BLK_DISCARD && !blk->discard);
}

void mpr_blk_submit(struct mpr_blk *blk, struct mpr_blk_req *req)
{
	uint64_t len;
	int err = check(blk, req, &len);

	req->retry = NULL;
	req->given_up = false;
	blk->in_flight++;
	if (err)
		refuse(blk, req, err);
	else if (is_nothing(blk, req, len))
		mpr_blk_finish_later(blk, req, 0);
	else
		blk->driver->submit(blk, req, len);
}

int mpr_blk_resize(struct mpr_blk *blk, uint64_t size)
{
	int err;

	if (size % 512 || size > INT64_MAX)
		return -EINVAL;
	if (blk->read_only)
		return -EROFS;
	if (size < blk->size && blk->in_flight)
		return -EBUSY;
	err = blk->driver->resize(blk, size);
	if (!err)
		blk->size = size;
	return err;
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
	return !mpr_cache_is_durable(blk->cache);
}

void mpr_blk_set_zeroes(struct mpr_blk *blk, enum mpr_blk_zeroes zeroes)
{
	blk->zeroes = zeroes;
}

enum mpr_blk_zeroes mpr_blk_zeroes_mode(const struct mpr_blk *blk)
{
	return blk->zeroes;
}

int mpr_blk_share(struct mpr_blk *blk, bool share)
{
	return blk->read_only ? 0 : blk->driver->share(blk, share);
}

void mpr_blk_enable_write_cache(struct mpr_blk *blk)
{
	if (mpr_blk_write_cache(blk))
		return;
	blk->cache = mpr_cache_is_direct(blk->cache) ? MPR_CACHE_NONE : MPR_CACHE_WRITEBACK;
}

enum mpr_blk_cache mpr_blk_cache_mode(const struct mpr_blk *blk)
{
	return blk->cache;
}

unsigned mpr_blk_in_flight(const struct mpr_blk *blk)
{
	return blk->in_flight;
}

const struct mpr_blk_stats *mpr_blk_stats(const struct mpr_blk *blk)
{
	return &blk->stats;
}

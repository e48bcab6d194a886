/* SPDX-License-Identifier: MIT */
#include "blk/finish.h"

#include <errno.h>

#include "blk/retry.h"

/* ---- Counters ----------------------------------------------------------- */

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

struct mpr_blk_req *mpr_blk_take_held(struct mpr_blk *blk)
{
	struct mpr_blk_req *req = blk->held;

	if (req)
		blk->held = held_of(req)->next;
	return req;
}

unsigned mpr_blk_held(const struct mpr_blk *blk)
{
	unsigned n = 0;

	for (struct mpr_blk_req *req = blk->held; req; req = held_of(req)->next)
		n++;
	return n;
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

void mpr_blk_refuse(struct mpr_blk *blk, struct mpr_blk_req *req, int result)
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

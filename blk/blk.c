/* SPDX-License-Identifier: MIT */
#include "blk/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk/driver.h"
#include "blk/finish.h"

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
		mpr_blk_refuse(blk, req, err);
	else if (is_nothing(blk, req, len))
		mpr_blk_finish_later(blk, req, 0);
	else
		blk->driver->submit(blk, req, len);
}

void mpr_blk_retry(struct mpr_blk *blk)
{
	struct mpr_blk_req *req;

	while ((req = mpr_blk_take_held(blk)))
		mpr_blk_submit(blk, req);
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

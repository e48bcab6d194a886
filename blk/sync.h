/* SPDX-License-Identifier: MIT */
/*
 * Making what was written to a file durable: one fdatasync at a time, for all requests
 * that were waiting when it began. The kernel reports a failed write-back once per open
 * file, to the first fdatasync; a second one at the same time would succeed, and its
 * request would take lost data for durable. Private to blk/.
 */
#ifndef MPR_BLK_SYNC_H
#define MPR_BLK_SYNC_H

#include "blk/file.h"
#include "blk/retry.h"

struct mpr_sync {
	/* Filled in by the caller. */
	struct mpr_blk_req *req;
	uint64_t offset, len; /* bytes to be made durable; 0, 0: all */
	/* Called once, from mpr_uring_reap(), with 0 or negative errno. */
	void (*fn)(struct mpr_sync *sync, int result);

	/* Private. */
	struct mpr_sync *next;
};

/* The syncs of one file. */
struct mpr_syncs {
	const struct mpr_file *file;
	bool cached; /* writes go through the page cache */
	/* After a failed write-back the page cache drops the data, so nothing may be called
	 * durable from then on. 0, or the error that every sync ends with. */
	int error;

	/* Private; zeroed. */
	struct mpr_sync *first, *last; /* wait for the next fdatasync */
	struct mpr_sync *covered;      /* by the one under way */
	struct mpr_retry retry;
};

void mpr_sync_start(struct mpr_syncs *syncs, struct mpr_sync *sync);

#endif

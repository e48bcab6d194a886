/* SPDX-License-Identifier: MIT */
/*
 * Making what was written to a file durable: one fdatasync at a time, for all who
 * had asked when it began. The kernel tells of data that it could not write back
 * once, to the first who asks; with several at once, another could be told that all
 * is well. Private to blk/.
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

/* Those of one file. */
struct mpr_syncs {
	const struct mpr_file *file;
	bool cached; /* writes go through the page cache */
	/* In the page cache, data whose write-back failed is dropped; from then on
	 * nothing may be called durable. 0, or the error that everything ends with. */
	int error;

	/* Private; zeroed. */
	struct mpr_sync *first, *last; /* wait for the next one */
	struct mpr_sync *covered;      /* by the one under way */
	struct mpr_retry retry;
};

void mpr_sync_start(struct mpr_syncs *syncs, struct mpr_sync *sync);

#endif

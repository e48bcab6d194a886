/* SPDX-License-Identifier: MIT */
/*
 * Byte ranges of an image that writes in flight hold. A write of whole blocks
 * holds its range shared; a write of parts of blocks, which reads the blocks
 * and writes them back, holds it exclusively, so that no other write to these
 * blocks is undone. Ranges are granted in the order in which they were asked
 * for, unless they do not touch. Private to blk/.
 */
#ifndef MPR_BLK_RANGE_H
#define MPR_BLK_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct mpr_range {
	struct mpr_range *prev, *next;
	uint64_t start, end; /* end is not part of it */
	bool exclusive;
	bool granted;
	/* Called from within mpr_ranges_release() when the range is granted late. */
	void (*fn)(struct mpr_range *range);
};

/* All zeros: empty. */
struct mpr_ranges {
	struct mpr_range *first, *last; /* in order of arrival */
	unsigned exclusive;		/* how many of them are */
};

/* The caller has set start, end, exclusive and fn, and keeps the range until
 * it has released it. True: granted. False: fn will be called. */
bool mpr_ranges_acquire(struct mpr_ranges *ranges, struct mpr_range *range);

/* Gives a granted range back, and grants those that waited for it. Their
 * functions must not acquire or release. */
void mpr_ranges_release(struct mpr_ranges *ranges, struct mpr_range *range);

#endif

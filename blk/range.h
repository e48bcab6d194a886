/* SPDX-License-Identifier: MIT */
/*
 * Locks on byte ranges of an image, for writes in flight. A write of whole blocks holds
 * its range shared. A read-modify-write holds its range exclusively: otherwise it could
 * undo another write to the same blocks. Overlapping ranges are granted in the order in
 * which they were asked for. Private to blk/.
 */
#ifndef MPR_BLK_RANGE_H
#define MPR_BLK_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct mpr_range {
	struct mpr_range *prev, *next;
	uint64_t start, end; /* end is exclusive */
	bool exclusive;
	bool granted;
	/* Called from within mpr_ranges_release() if the range had to wait. */
	void (*fn)(struct mpr_range *range);
};

/* All zeros: empty. */
struct mpr_ranges {
	struct mpr_range *first, *last; /* in order of arrival */
	unsigned exclusive;		/* how many are exclusive */
};

/* The caller has set start, end, exclusive and fn, and keeps the range until
 * it has released it. True: granted. False: fn will be called. */
bool mpr_ranges_acquire(struct mpr_ranges *ranges, struct mpr_range *range);

/* Releases a granted range and grants those that waited for it. Their functions must not
 * acquire or release. */
void mpr_ranges_release(struct mpr_ranges *ranges, struct mpr_range *range);

#endif

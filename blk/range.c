/* SPDX-License-Identifier: MIT */
#include "blk/range.h"

#include <stddef.h>

static bool conflict(const struct mpr_range *a, const struct mpr_range *b)
{
	return (a->exclusive || b->exclusive) && a->start < b->end && b->start < a->end;
}

/* Whether it conflicts with an earlier range, granted or waiting. */
static bool blocked(const struct mpr_ranges *ranges, const struct mpr_range *range)
{
	for (const struct mpr_range *r = ranges->first; r != range; r = r->next) {
		if (conflict(r, range))
			return true;
	}
	return false;
}

static void append(struct mpr_ranges *ranges, struct mpr_range *range)
{
	range->next = NULL;
	range->prev = ranges->last;
	if (ranges->last)
		ranges->last->next = range;
	else
		ranges->first = range;
	ranges->last = range;
}

static void unlink_range(struct mpr_ranges *ranges, struct mpr_range *range)
{
	if (range->prev)
		range->prev->next = range->next;
	else
		ranges->first = range->next;
	if (range->next)
		range->next->prev = range->prev;
	else
		ranges->last = range->prev;
}

bool mpr_ranges_acquire(struct mpr_ranges *ranges, struct mpr_range *range)
{
	append(ranges, range);
	ranges->exclusive += range->exclusive;
	range->granted = ranges->exclusive == 0 || !blocked(ranges, range);
	return range->granted;
}

void mpr_ranges_release(struct mpr_ranges *ranges, struct mpr_range *range)
{
	bool contended = ranges->exclusive > 0;

	unlink_range(ranges, range);
	ranges->exclusive -= range->exclusive;
	if (!contended)
		return;
	for (struct mpr_range *r = ranges->first; r; r = r->next) {
		if (!r->granted && !blocked(ranges, r)) {
			r->granted = true;
			r->fn(r);
		}
	}
}

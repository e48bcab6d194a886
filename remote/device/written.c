/* SPDX-License-Identifier: MIT */
#include "remote/device/written.h"

#define PAGE 4096u

void mpr_written_send(struct mpr_written *written)
{
	for (unsigned i = 0; i < written->count; i++) {
		const struct mpr_written_range *range = &written->range[i];
		struct mpr_msg event = {
			.type = MPR_MSG_DMA_WRITTEN,
			.offset = range->start,
			.value = range->end - range->start,
		};

		/* If the ring is full, the channel says that events were lost. */
		(void)mpr_channel_notify(written->channel, &event);
	}
	written->count = 0;
}

static struct mpr_written_range hull(const struct mpr_written_range *a,
				     const struct mpr_written_range *b)
{
	return (struct mpr_written_range){
		.start = a->start < b->start ? a->start : b->start,
		.end = a->end > b->end ? a->end : b->end,
	};
}

/* Widens the range by `more`, if they touch or both lie on one page. */
static bool join(struct mpr_written_range *range, const struct mpr_written_range *more)
{
	struct mpr_written_range both = hull(range, more);
	bool touching = more->start <= range->end && range->start <= more->end;

	if (!touching && both.start / PAGE != (both.end - 1) / PAGE)
		return false;
	*range = both;
	return true;
}

void mpr_written_add(struct mpr_written *written, uint64_t addr, uint64_t len)
{
	const struct mpr_written_range more = {
		.start = addr,
		.end = len > UINT64_MAX - addr ? UINT64_MAX : addr + len,
	};

	for (unsigned i = 0; i < written->count; i++)
		if (join(&written->range[i], &more))
			return;
	if (written->count == MPR_WRITTEN_RANGES)
		mpr_written_send(written);
	written->range[written->count++] = more;
}

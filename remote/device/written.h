/* SPDX-License-Identifier: MIT */
/*
 * Which guest memory a device wrote, for a VMM that caches what it made from guest
 * memory (TCG's translated code) and must drop what is stale.
 *
 * A few ranges are collected, and merged with those that touch them or lie on the same
 * page: the VMM then drops what lies between for no reason, which costs less than
 * another event. The events go into the channel's completion ring before anything by
 * which the guest may learn of the data: an answer, the shadow, the interrupt line's
 * level. Else it could run stale code. One thread.
 */
#ifndef MPR_REMOTE_DEVICE_WRITTEN_H
#define MPR_REMOTE_DEVICE_WRITTEN_H

#include <stdint.h>

#include "ring/channel_remote.h"

#define MPR_WRITTEN_RANGES 8u

/* Zeroed: nothing is collected. */
struct mpr_written {
	struct mpr_channel *channel; /* where events go; NULL: nobody wants them */
	unsigned count;
	struct mpr_written_range {
		uint64_t start, end;
	} range[MPR_WRITTEN_RANGES];
};

/* The slow paths of the inline functions below. */
void mpr_written_add(struct mpr_written *written, uint64_t addr, uint64_t len);
void mpr_written_send(struct mpr_written *written);

/* Notes that the device wrote, or may have written, len bytes at guest address addr,
 * which may be no guest memory. */
static inline void mpr_written_note(struct mpr_written *written, uint64_t addr, uint64_t len)
{
	if (written->channel && len)
		mpr_written_add(written, addr, len);
}

/* Sends what was noted: whoever sees what is published after this sees the events. */
static inline void mpr_written_flush(struct mpr_written *written)
{
	if (written->count)
		mpr_written_send(written);
}

#endif

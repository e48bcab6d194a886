/* SPDX-License-Identifier: MIT */
/*
 * The guest memory that a device wrote, for a VMM that keeps things made from
 * guest memory (translated code) and must know when they are stale.
 *
 * A few ranges wait here, for more that touch them or lie on the same page:
 * what is between is dropped for nothing, but an event costs more. They go into
 * the channel's completion ring before anything that may tell the guest of the
 * data: an answer, the shadow, the interrupt line's level. One thread.
 */
#ifndef MPR_REMOTE_DEVICE_WRITTEN_H
#define MPR_REMOTE_DEVICE_WRITTEN_H

#include <stdint.h>

#include "ring/channel.h"

#define MPR_WRITTEN_RANGES 8u

/* Zeroed: nobody wants to know. */
struct mpr_written {
	struct mpr_channel *channel; /* where to tell, or NULL */
	unsigned count;
	struct mpr_written_range {
		uint64_t start, end;
	} range[MPR_WRITTEN_RANGES];
};

/* As the inline functions below, for when there is something to do. */
void mpr_written_add(struct mpr_written *written, uint64_t addr, uint64_t len);
void mpr_written_send(struct mpr_written *written);

/* The device wrote, or may have written, len bytes at guest address addr; they
 * need not be guest memory. */
static inline void mpr_written_note(struct mpr_written *written, uint64_t addr, uint64_t len)
{
	if (written->channel && len)
		mpr_written_add(written, addr, len);
}

/* What was noted can be seen by whoever sees what is published from now on. */
static inline void mpr_written_flush(struct mpr_written *written)
{
	if (written->count)
		mpr_written_send(written);
}

#endif

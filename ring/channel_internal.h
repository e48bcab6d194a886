/* SPDX-License-Identifier: MIT */
/*
 * A channel's private state, which the peer cannot change.
 */
#ifndef MPR_RING_CHANNEL_INTERNAL_H
#define MPR_RING_CHANNEL_INTERNAL_H

#include "ring/channel.h"
#include "ring/layout.h"
#include "ring/memfd.h"

struct mpr_channel {
	struct mpr_channel_shared *shared;
	bool barrier_all; /* the proxy can be reached by membarrier */
	int bell;	  /* socket: the proxy's end to ring, the remote's to watch */
	int error;	  /* 0 or -EPROTO; any thread */

	/* The proxy's. */
	struct mpr_spsc_producer requests;
	struct mpr_spsc_consumer events;
	uint8_t *awaiting; /* for each slot: the answer is still to be taken */
	uint64_t sent;	   /* requests; as `requests.next`, but for any thread */
	uint64_t dropped;  /* events, as far as the caller was told */
	/* `sent` at the last acknowledgement of an interrupt whose effect was known before
	 * the remote executed it; 0: none yet. */
	uint64_t acknowledged;

	/* The remote's. */
	struct mpr_spsc_consumer received;
	struct mpr_spsc_producer notices;
	bool armed;
	bool fast;	/* the bell is MPR_BELL_FAST */
	uint32_t awake; /* requests since it slept last, up to MPR_BELL_BUSY */
	bool intx;
	bool shadowed;			     /* the shadow is open */
	uint64_t version;		     /* of the image, even */
	uint64_t retired;		     /* as published last */
	uint64_t image[MPR_SHADOW_SIZE / 8]; /* as published last */

	struct mpr_memfd memory;
	uint32_t slots;
	int remote_bell; /* the proxy's: the end to pass on, otherwise -1 */
};

/* Zeroed, without memory or doorbell; NULL: out of memory. */
struct mpr_channel *mpr_channel_new(void);

static inline void *mpr_channel_at(const struct mpr_channel *channel, uint64_t offset)
{
	return (uint8_t *)channel->memory.base + offset;
}

/* One more in a counter that only the caller's thread writes; other threads
 * and processes read it. Relaxed: a counter orders nothing. */
static inline void mpr_count(uint64_t *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

/* As mpr_channel_error(), inline. */
static inline bool mpr_channel_broken(const struct mpr_channel *channel)
{
	/* Relaxed: it orders nothing. */
	return __atomic_load_n(&channel->error, __ATOMIC_RELAXED) != 0;
}

/* The peer broke the protocol: nothing moves any more. Relaxed: it orders nothing. */
static inline void mpr_channel_break(struct mpr_channel *channel)
{
	__atomic_store_n(&channel->error, -EPROTO, __ATOMIC_RELAXED);
}

/* ---- channel_shadow.c: the proxy's ---- */

/*
 * For the request that was just sent, while the remote sleeps: whether it acknowledges an
 * interrupt and does nothing else. Then the remote need not be woken: it executes the
 * request first when it wakes, and until then the effect is known here.
 */
bool mpr_channel_acknowledge(struct mpr_channel *channel, const struct mpr_msg *msg);
/* Whether such a request is still to be executed: then the line is low, whatever the
 * remote has published. */
bool mpr_channel_acknowledged(const struct mpr_channel *channel);

#endif

/* SPDX-License-Identifier: MIT */
/* What both sides do with a channel. */
#include "ring/channel.h"

#include <stdlib.h>
#include <unistd.h>

#include "ring/channel_internal.h"
#include "ring/discard.h"

struct mpr_channel *mpr_channel_new(void)
{
	struct mpr_channel *channel;
	size_t size = (sizeof(*channel) + 63) & ~(size_t)63;

	/* Aligned to cache lines: no false sharing with neighbours on the heap. */
	channel = aligned_alloc(64, size);
	if (!channel)
		return NULL;
	memset(channel, 0, size);
	channel->memory.fd = channel->bell = channel->remote_bell = -1;
	return channel;
}

int mpr_channel_doorbell(const struct mpr_channel *channel)
{
	return channel->remote_bell >= 0 ? channel->remote_bell : channel->bell;
}

int mpr_channel_error(const struct mpr_channel *channel)
{
	/* Relaxed: it orders nothing. */
	return __atomic_load_n(&channel->error, __ATOMIC_RELAXED);
}

bool mpr_channel_hugepages(const struct mpr_channel *channel)
{
	return channel->memory.hugepages;
}

/* Relaxed: counters order nothing. */
#define READ(side, counter) \
	(stats->counter = __atomic_load_n(&channel->shared->side.counter, __ATOMIC_RELAXED))

void mpr_channel_stats(const struct mpr_channel *channel, struct mpr_channel_stats *stats)
{
	READ(proxy_stats, posted);
	READ(proxy_stats, reads);
	READ(proxy_stats, ring_full);
	READ(proxy_stats, doorbells);
	READ(proxy_stats, reply_sleeps);
	READ(proxy_stats, shadow_reads);
	READ(proxy_stats, quiet_acks);
	READ(remote_stats, received);
	READ(remote_stats, replied);
	READ(remote_stats, interrupts);
	READ(remote_stats, remote_sleeps);
	READ(remote_stats, reply_wakes);
	READ(remote_stats, events);
	READ(remote_stats, intx_told);
	READ(remote, events_dropped);
}

void mpr_channel_destroy(struct mpr_channel *channel)
{
	if (!channel)
		return;
	mpr_memfd_destroy(&channel->memory);
	mpr_discard_socket(channel->bell);
	if (channel->remote_bell >= 0)
		close(channel->remote_bell);
	free(channel->awaiting);
	free(channel);
}

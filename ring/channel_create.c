/* SPDX-License-Identifier: MIT */
/* The proxy creates a channel, and keeps it once the remote has attached. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/channel_internal.h"
#include "ring/channel_proxy.h"
#include "ring/wakeup.h"

static void format(struct mpr_channel *channel)
{
	struct mpr_channel_header *header = &channel->shared->header;
	uint64_t events = mpr_channel_events_offset(channel->slots);

	*header = (struct mpr_channel_header){
		.magic = MPR_CHANNEL_MAGIC,
		.abi = MPR_CHANNEL_ABI,
		.features = channel->barrier_all ? MPR_CHANNEL_BARRIER_ALL : 0,
		.size = channel->memory.size,
		.slots = channel->slots,
		.message = sizeof(struct mpr_msg),
		.requests = MPR_CHANNEL_REQUESTS,
		.events = events,
	};
	channel->shared->remote.bell = MPR_BELL_FENCED;
	mpr_spsc_format(mpr_channel_at(channel, MPR_CHANNEL_REQUESTS), channel->slots, 0);
	mpr_spsc_format(mpr_channel_at(channel, events), channel->slots, 0);
	mpr_spsc_producer_init(&channel->requests, mpr_channel_at(channel, MPR_CHANNEL_REQUESTS),
			       channel->slots, 0);
	mpr_spsc_consumer_init(&channel->events, mpr_channel_at(channel, events), channel->slots,
			       0);
}

/* A socket pair rather than an eventfd: each end has its own flags and limits,
 * so that nothing the peer does to its end makes ringing block. */
static int create_bell(struct mpr_channel *channel)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	/* Only the proxy writes: nothing that the remote sends may pile up in this end. */
	(void)shutdown(ends[0], SHUT_RD);
	channel->bell = ends[0];
	channel->remote_bell = ends[1];
	return 0;
}

int mpr_channel_create(const struct mpr_channel_options *options, struct mpr_channel **result)
{
	uint32_t slots = options->slots ? options->slots : MPR_CHANNEL_DEFAULT_SLOTS;
	struct mpr_channel *channel;
	int err;

	if (!mpr_channel_slots_valid(slots))
		return -EINVAL;
	channel = mpr_channel_new();
	if (!channel)
		return -ENOMEM;
	channel->slots = slots;
	channel->awaiting = calloc(slots, 1);
	err = channel->awaiting ? create_bell(channel) : -ENOMEM;
	if (!err)
		err = mpr_memfd_create(&channel->memory, mpr_channel_bytes(slots),
				       options->numa_node, options->no_hugepages);
	if (err) {
		mpr_channel_destroy(channel);
		return err;
	}
	channel->shared = channel->memory.base;
	channel->barrier_all = mpr_barrier_register();
	format(channel);
	*result = channel;
	return 0;
}

int mpr_channel_keep(struct mpr_channel *channel)
{
	int err = mpr_memfd_keep(&channel->memory);

	mpr_memfd_close_file(&channel->memory);
	if (channel->remote_bell >= 0)
		close(channel->remote_bell);
	channel->remote_bell = -1;
	return err;
}

int mpr_channel_memfd(const struct mpr_channel *channel)
{
	return channel->memory.fd;
}

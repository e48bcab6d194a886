/* SPDX-License-Identifier: MIT */
/* The remote attaches to a channel, whose contents it does not trust. */
#include <sys/socket.h>

#include "ring/channel_internal.h"
#include "ring/channel_remote.h"
#include "ring/discard.h"
#include "ring/wakeup.h"

/* The largest file that a channel can need: hugepages round it up. */
#define MAX_BYTES (mpr_channel_bytes(MPR_CHANNEL_MAX_SLOTS) + ((uint64_t)2 << 20))

static bool all_zero(const uint8_t *bytes, size_t n)
{
	while (n > 0 && bytes[n - 1] == 0)
		n--;
	return n == 0;
}

/* Checks a copy of the header against the file. */
static int check_header(const struct mpr_channel_header *header, size_t file_size)
{
	if (header->magic != MPR_CHANNEL_MAGIC || header->abi != MPR_CHANNEL_ABI ||
	    header->message != sizeof(struct mpr_msg) || header->size != file_size ||
	    !mpr_channel_slots_valid(header->slots) || header->requests != MPR_CHANNEL_REQUESTS ||
	    header->events != mpr_channel_events_offset(header->slots) ||
	    mpr_channel_bytes(header->slots) > file_size ||
	    (header->features & ~MPR_CHANNEL_BARRIER_ALL) ||
	    !all_zero(header->reserved, sizeof(header->reserved)))
		return -EPROTO;
	return 0;
}

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -1 : value;
}

static bool is_unix_stream(int fd)
{
	return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_STREAM;
}

/* Reads the header once, and keeps what it needs of it in private memory. */
static int adopt(struct mpr_channel *channel)
{
	struct mpr_channel_header header;
	int err;

	memcpy(&header, &channel->shared->header, sizeof(header));
	/* Check and use the copy: the compiler may not read the header again. */
	__asm__ volatile("" : : : "memory");
	err = check_header(&header, channel->memory.size);
	if (err)
		return err;
	channel->slots = header.slots;
	channel->barrier_all =
		(header.features & MPR_CHANNEL_BARRIER_ALL) && mpr_barrier_supported();
	mpr_spsc_consumer_init(&channel->received, mpr_channel_at(channel, MPR_CHANNEL_REQUESTS),
			       channel->slots, 0);
	mpr_spsc_producer_init(&channel->notices,
			       mpr_channel_at(channel, mpr_channel_events_offset(channel->slots)),
			       channel->slots, 0);
	return 0;
}

/* A memfd that is sealed against sealing is not a channel. */
static int keep(struct mpr_channel *channel)
{
	int err = mpr_memfd_keep(&channel->memory);

	return err == -EPERM ? -EPROTO : err;
}

int mpr_channel_attach(int memfd, int doorbell, struct mpr_channel **result)
{
	struct mpr_channel *channel;
	int err;

	if (!is_unix_stream(doorbell))
		return -EPROTO;
	mpr_discard_prepare(doorbell);
	channel = mpr_channel_new();
	if (!channel)
		return -ENOMEM;
	err = mpr_memfd_attach(&channel->memory, memfd, mpr_channel_bytes(MPR_CHANNEL_MIN_SLOTS),
			       MAX_BYTES);
	if (!err)
		err = keep(channel);
	if (!err) {
		channel->shared = channel->memory.base;
		err = adopt(channel);
	}
	if (err) {
		channel->memory.fd = -1; /* stays the caller's */
		mpr_channel_destroy(channel);
		return err;
	}
	mpr_memfd_close_file(&channel->memory);
	channel->bell = doorbell;
	*result = channel;
	return 0;
}

int mpr_channel_take_doorbell(struct mpr_channel *channel)
{
	int bell = channel->bell;

	channel->bell = -1;
	return bell;
}

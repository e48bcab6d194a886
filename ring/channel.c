/* SPDX-License-Identifier: MIT */
#include "ring/channel.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/channel_internal.h"
#include "ring/discard.h"
#include "ring/doorbell.h"

/* The largest file that a channel can need: hugepages round it up. */
#define MAX_BYTES (mpr_channel_bytes(MPR_CHANNEL_MAX_SLOTS) + ((uint64_t)2 << 20))

static struct mpr_channel *channel_new(void)
{
	struct mpr_channel *channel;
	size_t size = (sizeof(*channel) + 63) & ~(size_t)63;

	/* Lines of its own: neighbours on the heap must not slow it down. */
	channel = aligned_alloc(64, size);
	if (!channel)
		return NULL;
	memset(channel, 0, size);
	channel->memory.fd = channel->bell = channel->remote_bell = -1;
	return channel;
}

static void *ring_at(const struct mpr_channel *channel, uint64_t offset)
{
	return (uint8_t *)channel->memory.base + offset;
}

/* ---- The proxy creates ------------------------------------------------ */

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
	mpr_spsc_format(ring_at(channel, MPR_CHANNEL_REQUESTS), channel->slots, 0);
	mpr_spsc_format(ring_at(channel, events), channel->slots, 0);
	mpr_spsc_producer_init(&channel->requests, ring_at(channel, MPR_CHANNEL_REQUESTS),
			       channel->slots, 0);
	mpr_spsc_consumer_init(&channel->events, ring_at(channel, events), channel->slots, 0);
}

/* A socket pair rather than an eventfd: each end has its own flags and limits,
 * so that nothing the peer does to its end makes ringing block. */
static int create_bell(struct mpr_channel *channel)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	/* It is only ever rung: the remote shall leave nothing in this end. */
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
	channel = channel_new();
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

/* ---- The remote attaches ---------------------------------------------- */

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

/* Reads the header once; what it said is private from here on. */
static int adopt(struct mpr_channel *channel)
{
	struct mpr_channel_header header;
	int err;

	memcpy(&header, &channel->shared->header, sizeof(header));
	/* What is checked and used is the copy. */
	__asm__ volatile("" : : : "memory");
	err = check_header(&header, channel->memory.size);
	if (err)
		return err;
	channel->slots = header.slots;
	channel->barrier_all =
		(header.features & MPR_CHANNEL_BARRIER_ALL) && mpr_barrier_supported();
	mpr_spsc_consumer_init(&channel->received, ring_at(channel, MPR_CHANNEL_REQUESTS),
			       channel->slots, 0);
	mpr_spsc_producer_init(&channel->notices,
			       ring_at(channel, mpr_channel_events_offset(channel->slots)),
			       channel->slots, 0);
	return 0;
}

/* A file that cannot be sealed is no channel's. */
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
	channel = channel_new();
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

/* ---- Either side ------------------------------------------------------ */

static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

int mpr_channel_keep(struct mpr_channel *channel)
{
	int err = mpr_memfd_keep(&channel->memory);

	mpr_memfd_close_file(&channel->memory);
	close_end(&channel->remote_bell);
	return err;
}

int mpr_channel_memfd(const struct mpr_channel *channel)
{
	return channel->memory.fd;
}

int mpr_channel_doorbell(const struct mpr_channel *channel)
{
	return channel->remote_bell >= 0 ? channel->remote_bell : channel->bell;
}

int mpr_channel_take_doorbell(struct mpr_channel *channel)
{
	int bell = channel->bell;

	channel->bell = -1;
	return bell;
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
	close_end(&channel->remote_bell);
	free(channel->awaiting);
	free(channel);
}

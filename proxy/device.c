/* SPDX-License-Identifier: MIT */
/* Remote devices: opening, closing, interrupts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "proxy/internal.h"

/* Has the description that the remote gave. */
static int describe(struct mpr_proxy_device *device, char **error)
{
	struct mpr_request request = {
		.type = MPR_WIRE_DESCRIBE, .id = device->id, .timeout_ms = MPR_ANSWER_MS};
	int ret = mpr_conn_request(device->conn, &request, error);

	if (!ret)
		memcpy(&device->description, device->conn->answer.payload,
		       sizeof(device->description));
	return ret;
}

/* Where the remote would have what it polls; -1: anywhere. What it says is
 * believed only as far as there is such a node. */
static int node_of(const struct mpr_proxy_device *device)
{
	int node = device->description.node - 1;

	return device->conn->features & MPR_FEATURE_NODE && mpr_numa_has_node(node) ? node : -1;
}

/* Creates the files of BARs that are plain memory. */
static int create_bars(struct mpr_proxy_device *device)
{
	const struct mpr_wire_bar *bar = device->description.bar;
	int ret = 0;

	for (unsigned i = 0; i < MPR_PCI_NUM_BARS && !ret; i++)
		if (bar[i].kind == MPR_BAR_RAM32)
			ret = mpr_memfd_create(&device->bar[i], bar[i].size, node_of(device), true);
	return ret;
}

/* Adds the BARs' files to a CHANNEL request's. */
static void add_bars(const struct mpr_proxy_device *device, struct mpr_wire_channel *payload,
		     int *fds, unsigned *nfds)
{
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++) {
		if (device->bar[i].fd < 0)
			continue;
		payload->files |= 1u << i;
		fds[(*nfds)++] = device->bar[i].fd;
	}
}

/* The remote has mapped the channel: it shall not take pages of it away. */
static int keep_channel(const struct mpr_proxy_device *device, char **error)
{
	int ret = mpr_channel_keep(device->channel);

	if (ret)
		mpr_set_error(error, "remote device '%s': the channel's memory cannot be kept: %s",
			      device->id, strerror(-ret));
	return ret;
}

static int open_channel(struct mpr_proxy_device *device, char **error)
{
	struct mpr_channel_options options = {.numa_node = node_of(device)};
	struct mpr_wire_channel payload = {
		.abi = MPR_CHANNEL_ABI,
		.flags = device->conn->report_dma ? MPR_CHANNEL_REPORT_DMA : 0,
	};
	struct mpr_request request = {.type = MPR_WIRE_CHANNEL,
				      .id = device->id,
				      .payload = &payload,
				      .length = sizeof(payload),
				      .nfds = 2,
				      .timeout_ms = MPR_ANSWER_MS};
	int fds[2 + MPR_PCI_NUM_BARS];
	int ret = mpr_channel_create(&options, &device->channel);

	if (!ret)
		mpr_conn_add(device->conn, device);
	if (!ret)
		ret = create_bars(device);
	if (ret) {
		mpr_set_error(error, "remote device '%s': cannot create a channel: %s", device->id,
			      strerror(-ret));
		return ret;
	}
	fds[0] = mpr_channel_memfd(device->channel);
	fds[1] = mpr_channel_doorbell(device->channel);
	add_bars(device, &payload, fds, &request.nfds);
	request.fds = fds;
	ret = mpr_conn_request(device->conn, &request, error);
	return ret ? ret : keep_channel(device, error);
}

static void free_device(struct mpr_proxy_device *device)
{
	mpr_conn_remove(device->conn, device);
	if (device->channel)
		mpr_channel_destroy(device->channel);
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		mpr_memfd_destroy(&device->bar[i]);
	free(device->regions);
	free(device);
}

int mpr_proxy_device_open(struct mpr_proxy_conn *conn, const char *id,
			  struct mpr_proxy_device **device, char **error)
{
	struct mpr_proxy_device *d;
	int ret;

	if (!id[0] || strlen(id) >= MPR_WIRE_ID_SIZE) {
		mpr_set_error(error, "remote device '%s': an id has 1 to %d characters", id,
			      MPR_WIRE_ID_SIZE - 1);
		return -EINVAL;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	for (unsigned i = 0; i < MPR_PCI_NUM_BARS; i++)
		d->bar[i].fd = -1;
	d->conn = conn;
	strcpy(d->id, id);
	mpr_proxy_set_poll(d, MPR_PROXY_POLL_US);
	ret = describe(d, error);
	if (!ret)
		ret = open_channel(d, error);
	if (ret) {
		free_device(d);
		return ret;
	}
	*device = d;
	return 0;
}

void mpr_proxy_device_close(struct mpr_proxy_device *device)
{
	struct mpr_request request = {
		.type = MPR_WIRE_CLOSE, .id = device->id, .timeout_ms = MPR_LOCKED_MS};

	/* Whatever the answer: a remote that cannot give one holds nothing of ours. */
	mpr_conn_tell(device->conn, &request);
	/* One that does not run now must not go on with what is in the ring. */
	mpr_channel_give_up(device->channel);
	free_device(device);
}

const struct mpr_wire_description *mpr_proxy_description(const struct mpr_proxy_device *device)
{
	return &device->description;
}

int mpr_proxy_take_bar_file(struct mpr_proxy_device *device, unsigned bar)
{
	int fd = bar < MPR_PCI_NUM_BARS ? device->bar[bar].fd : -1;

	if (fd < 0)
		return -1;
	device->bar[bar].fd = -1;
	mpr_memfd_destroy(&device->bar[bar]);
	return fd;
}

void mpr_proxy_set_poll(struct mpr_proxy_device *device, uint32_t us)
{
	device->spin_ns = (uint64_t)(us < MPR_PROXY_POLL_US ? us : MPR_PROXY_POLL_US) * 1000;
}

void mpr_proxy_set_long_wait(struct mpr_proxy_device *device, void (*begin)(void *opaque),
			     void (*end)(void *opaque), void *opaque)
{
	device->long_begin = begin;
	device->long_end = end;
	device->long_opaque = opaque;
}

bool mpr_proxy_hugepages(const struct mpr_proxy_device *device)
{
	return mpr_channel_hugepages(device->channel);
}

int mpr_proxy_set_intx(struct mpr_proxy_device *device, int raise_fd, int resample_fd)
{
	bool resample = resample_fd >= 0;
	uint32_t needed = MPR_FEATURE_INTX_EVENTFD | (resample ? MPR_FEATURE_INTX_RESAMPLE : 0);
	struct mpr_wire_intx payload = {.flags = resample ? MPR_INTX_RESAMPLE : 0};
	int fds[2] = {raise_fd, resample_fd};
	struct mpr_request request = {.type = MPR_WIRE_INTX,
				      .id = device->id,
				      .payload = &payload,
				      .length = sizeof(payload),
				      .fds = fds,
				      .nfds = resample ? 2 : 1,
				      .timeout_ms = MPR_LOCKED_MS};

	if ((device->conn->features & needed) != needed)
		return -EOPNOTSUPP;
	return mpr_conn_tell(device->conn, &request);
}

void mpr_proxy_intx_seen(int raise_fd)
{
	uint64_t count;
	const struct iovec to = {&count, sizeof(count)};

	if (preadv2(raise_fd, &to, 1, -1, RWF_NOWAIT) < 0)
		return; /* somebody else emptied it: the level tells all */
}

bool mpr_proxy_intx(const struct mpr_proxy_device *device)
{
	return mpr_channel_intx(device->channel);
}

void mpr_proxy_stats(const struct mpr_proxy_device *device, struct mpr_channel_stats *stats)
{
	mpr_channel_stats(device->channel, stats);
}

bool mpr_proxy_intx_arm(struct mpr_proxy_device *device, bool soon)
{
	return mpr_channel_intx_arm(device->channel, soon);
}

void mpr_proxy_intx_look(struct mpr_proxy_device *device)
{
	mpr_channel_intx_look(device->channel);
}

bool mpr_proxy_event(struct mpr_proxy_device *device, struct mpr_msg *event)
{
	return mpr_channel_event(device->channel, event);
}

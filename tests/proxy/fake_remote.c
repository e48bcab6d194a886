/* SPDX-License-Identifier: MIT */
#include "tests/proxy/fake_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring/channel_remote.h"
#include "ring/memfd.h"
#include "wire/wire.h"

#define MAX_DEVICES 4
#define RAM_SIZE 8192
#define TIMEOUT_MS 5000

struct region {
	uint64_t address, size;
	void *ptr;
};

struct fake_device {
	char id[MPR_WIRE_ID_SIZE];
	struct mpr_channel *channel;
	int doorbell; /* the channel's */
	int raise, resample;
	bool level, dead, reporting, holding;
	uint8_t scratch[0x80];
	uint32_t writes, memories, config, resets;
	uint64_t dma_address;
	struct mpr_memfd ram; /* BAR 2 */
	struct region regions[MPR_WIRE_MAX_REGIONS];
	size_t nregions;
	int memory; /* the first file of it */
};

struct fake {
	int sock;
	struct fake_counters *counters;
	struct fake_device *devices[MAX_DEVICES];
	struct mpr_wire_parser parser;
};

static void count(_Atomic unsigned *counter)
{
	/* Relaxed: a number for the test, which reads it after an answer. */
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- The device --------------------------------------------------------- */

static void kick(int fd)
{
	uint64_t one = 1;

	if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
		perror("fake remote: eventfd");
}

static void set_line(struct fake_device *dev, bool level)
{
	bool changed = dev->level != level;

	dev->level = level;
	mpr_channel_set_intx(dev->channel, level);
	if (changed && (level || dev->resample < 0))
		kick(dev->raise);
}

static uint8_t *guest(struct fake_device *dev, uint64_t address)
{
	for (size_t i = 0; i < dev->nregions; i++) {
		struct region *r = &dev->regions[i];

		if (address >= r->address && address + 4 <= r->address + r->size)
			return (uint8_t *)r->ptr + (address - r->address);
	}
	return NULL;
}

static uint32_t dma_load(struct fake_device *dev)
{
	uint8_t *p = guest(dev, dev->dma_address);
	uint32_t value = UINT32_MAX;

	if (p)
		memcpy(&value, p, 4);
	return value;
}

static void dma_store(struct fake_device *dev, uint32_t value)
{
	const struct mpr_msg event = {
		.type = MPR_MSG_DMA_WRITTEN, .offset = dev->dma_address, .value = 4};
	uint8_t *p = guest(dev, dev->dma_address);

	if (!p)
		return;
	memcpy(p, &value, 4);
	if (dev->reporting)
		mpr_channel_notify(dev->channel, &event);
}

static uint64_t reg_read(struct fake_device *dev, const struct mpr_msg *msg)
{
	uint64_t value = 0;

	if (msg->offset + msg->size <= sizeof(dev->scratch)) {
		memcpy(&value, dev->scratch + msg->offset, msg->size);
		return value;
	}
	switch (msg->offset) {
	case FAKE_LINE:
		value = dev->level;
		set_line(dev, false);
		return value;
	case FAKE_WRITES:
		return dev->writes;
	case FAKE_DMA_DATA:
		return dma_load(dev);
	case FAKE_MEMORY:
		return dev->memories;
	case FAKE_CONFIG:
		return dev->config;
	case FAKE_RESETS:
		return dev->resets;
	case FAKE_SIZE:
		return msg->size;
	case FAKE_TRUNCATE:
		return ftruncate(dev->memory, 0) < 0 ? (uint64_t)errno : 0;
	case FAKE_RAM:
		/* Relaxed, also below: ordered by the channel. */
		return __atomic_load_n((uint32_t *)dev->ram.base, __ATOMIC_RELAXED);
	default:
		return 0;
	}
}

static void send_event(struct fake_device *dev)
{
	struct mpr_msg event = {.type = MPR_MSG_IO_ERROR};

	strcpy((char *)event.text, "disk0: write\tfailed");
	mpr_channel_notify(dev->channel, &event);
}

static void reg_write(struct fake_device *dev, const struct mpr_msg *msg)
{
	dev->writes++;
	if (msg->offset + msg->size <= sizeof(dev->scratch))
		memcpy(dev->scratch + msg->offset, &msg->value, msg->size);
	else if (msg->offset == FAKE_LINE)
		set_line(dev, msg->value & 1);
	else if (msg->offset == FAKE_DMA_ADDRESS)
		dev->dma_address = msg->value;
	else if (msg->offset == FAKE_DMA_DATA)
		dma_store(dev, msg->value);
	else if (msg->offset == FAKE_RAM)
		__atomic_store_n((uint32_t *)dev->ram.base, (uint32_t)msg->value, __ATOMIC_RELAXED);
	else if (msg->offset == FAKE_EVENT)
		send_event(dev);
	else if (msg->offset == FAKE_DIE)
		dev->dead = true;
}

static void reset(struct fake_device *dev)
{
	dev->resets++;
	memset(dev->scratch, 0, sizeof(dev->scratch));
	set_line(dev, false);
}

static void handle(struct fake_device *dev, const struct mpr_msg *msg)
{
	struct mpr_channel *channel = dev->channel;

	switch (msg->type) {
	case MPR_MSG_WRITE:
		reg_write(dev, msg);
		mpr_channel_retire(channel);
		break;
	case MPR_MSG_CONFIG_WRITE:
		dev->config = msg->offset << 16 | (msg->value & 0xffff);
		mpr_channel_retire(channel);
		break;
	case MPR_MSG_RESET:
		reset(dev);
		mpr_channel_complete(channel, 0, 0);
		break;
	default:
		mpr_channel_complete(channel, reg_read(dev, msg),
				     msg->offset == FAKE_REFUSED ? EINVAL : 0);
	}
}

static void hold(struct fake_device *dev, bool settling)
{
	dev->holding = true;
	mpr_channel_set_settling(dev->channel, settling);
	printf("# held\n");
	fflush(stdout);
}

/* True: the answer to FAKE_HOLD or FAKE_SETTLE still has to wait. */
static bool is_held(struct fake_device *dev, struct fake_counters *counters)
{
	/* Relaxed: a signal's handler has counted. */
	if (dev->holding && atomic_load_explicit(&counters->released, memory_order_relaxed)) {
		dev->holding = false;
		mpr_channel_set_settling(dev->channel, false);
		mpr_channel_complete(dev->channel, FAKE_HELD, 0);
	}
	return dev->holding;
}

/* Serves requests until there are none; false: the remote has to die. */
static bool drain(struct fake_device *dev, struct fake_counters *counters)
{
	struct mpr_msg msg;

	while (!dev->dead && !is_held(dev, counters) && mpr_channel_receive(dev->channel, &msg)) {
		if (msg.type == MPR_MSG_READ && msg.offset == FAKE_HANG)
			return true;
		if (msg.type == MPR_MSG_READ &&
		    (msg.offset == FAKE_HOLD || msg.offset == FAKE_SETTLE))
			hold(dev, msg.offset == FAKE_SETTLE);
		else
			handle(dev, &msg);
	}
	return !dev->dead;
}

/* ---- The control protocol ------------------------------------------------ */

static struct fake_device *find(struct fake *fake, const char *id)
{
	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		if (fake->devices[i] && !strcmp(fake->devices[i]->id, id))
			return fake->devices[i];
	}
	return NULL;
}

static struct fake_device *create(struct fake *fake, const char *id)
{
	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		if (!fake->devices[i]) {
			struct fake_device *dev = calloc(1, sizeof(*dev));

			strcpy(dev->id, id);
			dev->raise = dev->resample = dev->doorbell = dev->ram.fd = dev->memory = -1;
			return fake->devices[i] = dev;
		}
	}
	return NULL;
}

static void drop_memory(struct fake_device *dev)
{
	for (size_t i = 0; i < dev->nregions; i++)
		munmap(dev->regions[i].ptr, dev->regions[i].size);
	dev->nregions = 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void destroy(struct fake *fake, struct fake_device *dev)
{
	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		if (fake->devices[i] == dev)
			fake->devices[i] = NULL;
	}
	if (dev->channel)
		mpr_channel_destroy(dev->channel);
	mpr_memfd_destroy(&dev->ram);
	drop_memory(dev);
	close_fd(&dev->memory);
	close_fd(&dev->raise);
	close_fd(&dev->resample);
	free(dev);
}

static void describe(struct mpr_wire_description *d)
{
	*d = (struct mpr_wire_description){.driver = "fake", .interrupt_pin = 1};
	d->bar[0] = (struct mpr_wire_bar){.kind = MPR_BAR_IO, .size = 256};
	d->bar[1] = (struct mpr_wire_bar){.kind = MPR_BAR_MEM32, .size = 4096};
	d->bar[2] = (struct mpr_wire_bar){.kind = MPR_BAR_RAM32, .size = RAM_SIZE};
	d->config[0] = FAKE_VENDOR & 0xff;
	d->config[1] = FAKE_VENDOR >> 8;
	d->config[2] = FAKE_DEVICE & 0xff;
	d->config[3] = FAKE_DEVICE >> 8;
	d->config[8] = 0x12;  /* revision */
	d->config[11] = 0xff; /* class: none of those defined */
	d->config[0x0d] = 0x40;
	d->wmask[0x0d] = 0xff;
	d->config[0x2c] = 0x34;
	d->config[0x2d] = 0x12;
	d->config[0x2e] = 0x78;
	d->config[0x2f] = 0x56;
	d->config[0x3d] = 1;
	d->config[0x40] = 0xa5;
	d->wmask[0x40] = 0x0f;
}

static int take_fd(struct mpr_wire_msg *msg, unsigned i)
{
	int fd = msg->fds[i];

	msg->fds[i] = -1;
	return fd;
}

static int open_channel(struct fake_device *dev, struct mpr_wire_msg *msg)
{
	const struct mpr_wire_channel *channel = (const void *)msg->payload;
	int ret = mpr_channel_attach(msg->fds[0], msg->fds[1], &dev->channel);

	if (ret)
		return ret;
	take_fd(msg, 0);
	dev->doorbell = take_fd(msg, 1);
	dev->reporting = channel->flags & MPR_CHANNEL_REPORT_DMA;
	if (channel->files != 1u << 2)
		return -EINVAL;
	return mpr_memfd_attach(&dev->ram, take_fd(msg, 2), RAM_SIZE, RAM_SIZE);
}

static int map_memory(struct fake_device *dev, struct mpr_wire_msg *msg)
{
	const struct mpr_wire_region *r = (const void *)msg->payload;

	drop_memory(dev);
	close_fd(&dev->memory);
	if (msg->header.nfds)
		dev->memory = dup(msg->fds[0]);
	for (size_t i = 0; i < msg->header.length / sizeof(*r); i++) {
		int prot = r[i].flags & MPR_REGION_READ_ONLY ? PROT_READ : PROT_READ | PROT_WRITE;
		void *ptr = mmap(NULL, r[i].size, prot, MAP_SHARED, msg->fds[r[i].fd], r[i].offset);

		if (ptr == MAP_FAILED)
			return -errno;
		dev->regions[dev->nregions++] = (struct region){r[i].address, r[i].size, ptr};
	}
	dev->memories++;
	return 0;
}

static int connect_line(struct fake_device *dev, struct mpr_wire_msg *msg)
{
	if (!strcmp(dev->id, "fake-once") && dev->raise >= 0)
		return -ENOMEM;
	close_fd(&dev->raise);
	close_fd(&dev->resample);
	dev->raise = take_fd(msg, 0);
	if (msg->header.nfds == 2)
		dev->resample = take_fd(msg, 1);
	if (!strcmp(dev->id, "fake-blocking")) {
		(void)fcntl(dev->raise, F_SETFL, 0);
		(void)fcntl(dev->resample, F_SETFL, 0);
	}
	if (dev->level)
		kick(dev->raise);
	return 0;
}

static int answer(struct fake *fake, const void *payload, size_t length)
{
	struct mpr_wire_header header = fake->parser.msg->header;

	header.flags = MPR_WIRE_ANSWER;
	return mpr_wire_send(fake->sock, &header, payload, length, NULL, 0, TIMEOUT_MS);
}

static int refuse(struct fake *fake, int error, const char *text)
{
	struct mpr_wire_error payload = {.error = error};

	strcpy(payload.text, text);
	fake->parser.msg->header.type = MPR_WIRE_ERROR;
	return answer(fake, &payload, sizeof(payload));
}

static int hello(struct fake *fake)
{
	struct mpr_wire_hello payload = {
		.magic = MPR_WIRE_MAGIC,
		.version_min = MPR_WIRE_VERSION,
		.version_max = MPR_WIRE_VERSION,
		.features = MPR_FEATURE_INTX_EVENTFD | MPR_FEATURE_INTX_RESAMPLE |
			    MPR_FEATURE_BAR_MEMORY | MPR_FEATURE_REPORT_DMA};

	count(&fake->counters->hellos);
	return answer(fake, &payload, sizeof(payload));
}

static int describe_device(struct fake *fake, const char *id)
{
	struct mpr_wire_description payload;

	if (strncmp(id, "fake", 4) || (!find(fake, id) && !create(fake, id)))
		return refuse(fake, ENODEV, "no such device");
	count(&fake->counters->devices);
	describe(&payload);
	return answer(fake, &payload, sizeof(payload));
}

static int converse(struct fake *fake)
{
	struct mpr_wire_msg *msg = fake->parser.msg;
	struct fake_device *dev = find(fake, msg->header.id);
	const char *why = NULL;
	int ret = 0;

	if (mpr_wire_check(msg, &why)) {
		refuse(fake, EPROTO, why);
		return -EPROTO;
	}
	if (msg->header.type == MPR_WIRE_HELLO)
		return hello(fake);
	if (msg->header.type == MPR_WIRE_DESCRIBE)
		return describe_device(fake, msg->header.id);
	if (!dev)
		return refuse(fake, ENODEV, "no such device");
	switch (msg->header.type) {
	case MPR_WIRE_CHANNEL:
		ret = open_channel(dev, msg);
		if (dev->reporting)
			count(&fake->counters->reporting);
		break;
	case MPR_WIRE_MEMORY:
		count(&fake->counters->memories);
		/* Relaxed: as count(). */
		atomic_store_explicit(&fake->counters->memory_fds, msg->header.nfds,
				      memory_order_relaxed);
		ret = map_memory(dev, msg);
		break;
	case MPR_WIRE_INTX:
		count(&fake->counters->intx);
		ret = connect_line(dev, msg);
		break;
	case MPR_WIRE_CLOSE:
		count(&fake->counters->closes);
		destroy(fake, dev);
		break;
	}
	return ret ? refuse(fake, -ret, "refused") : answer(fake, NULL, 0);
}

/* ---- The loop ------------------------------------------------------------ */

static bool serve_devices(struct fake *fake)
{
	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		struct fake_device *dev = fake->devices[i];

		if (dev && dev->channel && !drain(dev, fake->counters))
			return false;
	}
	return true;
}

static void on_resample(struct fake *fake, struct fake_device *dev)
{
	uint64_t n;

	if (read(dev->resample, &n, sizeof(n)) != sizeof(n))
		return;
	count(&fake->counters->resamples);
	if (dev->level)
		kick(dev->raise);
}

static bool arm_all(struct fake *fake, bool arm)
{
	bool idle = true;

	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		struct fake_device *dev = fake->devices[i];

		if (!dev || !dev->channel)
			continue;
		if (arm)
			idle &= mpr_channel_arm(dev->channel);
		else
			mpr_channel_disarm(dev->channel);
	}
	return idle;
}

/* Waits until there is something to do; handles the resample eventfds. */
static void wait_for_work(struct fake *fake)
{
	struct pollfd pfds[1 + 2 * MAX_DEVICES];
	bool idle = arm_all(fake, true);

	pfds[0] = (struct pollfd){.fd = fake->sock, .events = POLLIN};
	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		struct fake_device *dev = fake->devices[i];

		pfds[1 + 2 * i] = (struct pollfd){dev ? dev->doorbell : -1, POLLIN, 0};
		pfds[2 + 2 * i] = (struct pollfd){dev ? dev->resample : -1, POLLIN, 0};
	}
	if (poll(pfds, 1 + 2 * MAX_DEVICES, idle ? 1000 : 0) > 0) {
		for (unsigned i = 0; i < MAX_DEVICES; i++) {
			if (pfds[2 + 2 * i].revents & POLLIN)
				on_resample(fake, fake->devices[i]);
		}
	}
	arm_all(fake, false);
}

/* Handles what the socket has; false: the peer is gone. */
static bool serve_socket(struct fake *fake)
{
	int ret;

	while ((ret = mpr_wire_parser_read(&fake->parser, fake->sock)) > 0) {
		if (converse(fake))
			return false;
	}
	return ret == 0;
}

void fake_remote_serve(int sock, struct fake_counters *counters)
{
	struct fake fake = {.sock = sock, .counters = counters};

	if (mpr_wire_parser_init(&fake.parser) == 0) {
		while (serve_socket(&fake) && serve_devices(&fake))
			wait_for_work(&fake);
		mpr_wire_parser_fini(&fake.parser);
	}
	for (unsigned i = 0; i < MAX_DEVICES; i++) {
		if (fake.devices[i])
			destroy(&fake, fake.devices[i]);
	}
	close(sock);
}

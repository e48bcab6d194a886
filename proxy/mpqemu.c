/* SPDX-License-Identifier: MIT */
#include "proxy/mpqemu.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "ring/discard.h"
#include "wire/mpqemu.h"
#include "wire/patience.h"

#define ANSWER_TIMEOUT_MS 30000

struct mpr_mpqemu {
	int sock;
	bool alive;
	struct mpr_mpqemu_parser parser;
};

int mpr_mpqemu_open(int fd, struct mpr_mpqemu **result)
{
	struct mpr_mpqemu *device = calloc(1, sizeof(*device));

	if (!device)
		return -ENOMEM;
	device->sock = fd;
	device->alive = true;
	mpr_mpqemu_parser_init(&device->parser);
	*result = device;
	return 0;
}

void mpr_mpqemu_close(struct mpr_mpqemu *device)
{
	mpr_mpqemu_parser_fini(&device->parser);
	mpr_discard_socket(device->sock);
	free(device);
}

bool mpr_mpqemu_alive(const struct mpr_mpqemu *device)
{
	return device->alive;
}

/* ---- Messages ----------------------------------------------------------- */

static int say(struct mpr_mpqemu *device, enum mpr_mpqemu_command command, const void *data,
	       size_t size, const int *fds, unsigned nfds)
{
	int ret = device->alive ? mpr_mpqemu_send(device->sock, command, data, size, fds, nfds)
				: -EPIPE;

	if (ret < 0)
		device->alive = false;
	return ret;
}

/* 0 or negative errno. */
static int receive(struct mpr_mpqemu *device)
{
	struct mpr_patience patience = mpr_patience_of(ANSWER_TIMEOUT_MS);
	struct pollfd pfd = {.fd = device->sock, .events = POLLIN};
	int ret;

	while ((ret = mpr_mpqemu_parser_read(&device->parser, device->sock)) == 0) {
		if (!mpr_patience_left(&patience))
			return -ETIMEDOUT;
		if (poll(&pfd, 1, mpr_patience_slice_ms(&patience)) < 0 && errno != EINTR)
			return -errno;
	}
	return ret < 0 ? ret : 0;
}

static bool is_answer(const struct mpr_mpqemu_msg *msg)
{
	const char *why;

	return mpr_mpqemu_check(msg, &why) == 0 && msg->header.command == MPR_MPQEMU_RET;
}

/* Says something and waits for the answer's value. 0 or -EPIPE. */
static int ask(struct mpr_mpqemu *device, enum mpr_mpqemu_command command, const void *data,
	       size_t size, uint64_t *value)
{
	*value = UINT64_MAX;
	if (say(device, command, data, size, NULL, 0) < 0)
		return -EPIPE;
	if (receive(device) < 0 || !is_answer(&device->parser.msg)) {
		device->alive = false;
		return -EPIPE;
	}
	*value = device->parser.msg.data.value;
	return 0;
}

/* ---- Set-up ------------------------------------------------------------- */

int mpr_mpqemu_set_memory(struct mpr_mpqemu *device, const struct mpr_proxy_region *regions,
			  size_t count)
{
	struct mpr_mpqemu_memory memory = {.address = {0}};
	int fds[MPR_MPQEMU_MAX_FDS];

	if (count > MPR_MPQEMU_MAX_FDS)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		memory.address[i] = regions[i].address;
		memory.size[i] = regions[i].size;
		memory.offset[i] = (int64_t)regions[i].offset;
		fds[i] = regions[i].fd;
	}
	return say(device, MPR_MPQEMU_SYNC_SYSMEM, &memory, sizeof(memory), fds, (unsigned)count);
}

int mpr_mpqemu_set_intx(struct mpr_mpqemu *device, int raise_fd, int resample_fd)
{
	const int fds[] = {raise_fd, resample_fd};

	return say(device, MPR_MPQEMU_SET_IRQFD, NULL, 0, fds, 2);
}

/* ---- Accesses ----------------------------------------------------------- */

static uint64_t access_config(struct mpr_mpqemu *device, enum mpr_mpqemu_command command,
			      uint32_t offset, unsigned size, uint32_t value)
{
	const struct mpr_mpqemu_config config = {
		.offset = offset,
		.value = value,
		.size = (int32_t)size,
	};
	uint64_t answer;

	(void)ask(device, command, &config, sizeof(config), &answer);
	return answer;
}

uint32_t mpr_mpqemu_config_read(struct mpr_mpqemu *device, uint32_t offset, unsigned size)
{
	return (uint32_t)access_config(device, MPR_MPQEMU_CONFIG_READ, offset, size, 0);
}

void mpr_mpqemu_config_write(struct mpr_mpqemu *device, uint32_t offset, unsigned size,
			     uint32_t value)
{
	(void)access_config(device, MPR_MPQEMU_CONFIG_WRITE, offset, size, value);
}

static uint64_t access_bar(struct mpr_mpqemu *device, enum mpr_mpqemu_command command,
			   enum mpr_mpqemu_space space, uint64_t address, unsigned size,
			   uint64_t value)
{
	const struct mpr_mpqemu_access access = {
		.address = address,
		.value = value,
		.size = size,
		.memory = space == MPR_MPQEMU_MEMORY,
	};
	uint64_t answer;

	(void)ask(device, command, &access, sizeof(access), &answer);
	return answer;
}

uint64_t mpr_mpqemu_read(struct mpr_mpqemu *device, enum mpr_mpqemu_space space, uint64_t address,
			 unsigned size)
{
	return access_bar(device, MPR_MPQEMU_BAR_READ, space, address, size, 0);
}

void mpr_mpqemu_write(struct mpr_mpqemu *device, enum mpr_mpqemu_space space, uint64_t address,
		      unsigned size, uint64_t value)
{
	(void)access_bar(device, MPR_MPQEMU_BAR_WRITE, space, address, size, value);
}

int mpr_mpqemu_reset(struct mpr_mpqemu *device)
{
	uint64_t value;

	return ask(device, MPR_MPQEMU_DEVICE_RESET, NULL, 0, &value);
}

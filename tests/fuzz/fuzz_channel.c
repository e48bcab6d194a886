/* SPDX-License-Identifier: MIT */
/*
 * A channel whose peer is hostile, on both sides. The input is a list of
 * steps of four bytes: what to do, where, and a value. Steps write anywhere in
 * the shared memory or call a function of either side; whatever happens, the
 * calls return and touch nothing outside. An input that begins with 0xff is
 * instead the header of a channel to which the remote attaches.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/channel_proxy.h"
#include "ring/channel_remote.h"
#include "ring/layout.h"
#include "tests/fuzz/fuzz.h"

#define SLOTS 16u
#define BYTES 12288u /* what a channel of 16 slots takes on normal pages */
#define SEALS (F_SEAL_GROW | F_SEAL_SHRINK)

static void fuzz_header(const uint8_t *data, size_t size)
{
	int memfd = memfd_create("fuzz", MFD_ALLOW_SEALING | MFD_CLOEXEC), bell[2];
	struct mpr_channel *remote;
	struct mpr_msg msg;

	if (size > BYTES)
		size = BYTES;
	if (ftruncate(memfd, BYTES) < 0 || pwrite(memfd, data, size, 0) < 0 ||
	    fcntl(memfd, F_ADD_SEALS, SEALS) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, bell) < 0) {
		close(memfd);
		return;
	}
	close(bell[0]);
	if (mpr_channel_attach(memfd, bell[1], &remote) < 0) {
		close(memfd);
		close(bell[1]);
		return;
	}
	if (mpr_channel_receive(remote, &msg))
		mpr_channel_complete(remote, 1, 0);
	mpr_channel_destroy(remote);
}

/* Both sides of a channel, and the memory that they share. */
struct pair {
	struct mpr_channel *proxy, *remote;
	uint8_t *memory;
	uint64_t ticket;
	bool current; /* the remote has a request that is not finished */
};

/* The remote's part of the shadow; every byte of the image is the same. */
static void cast_shadow(struct pair *pair, bool open, uint8_t value)
{
	const struct mpr_shadow_map map = {
		.span = {256}, .readable = {0xff, 0xff}, .ack_clears = 0x0f, .ack_keeps = 0x30};
	uint8_t image[MPR_SHADOW_SIZE];

	memset(image, value, sizeof(image));
	if (open)
		mpr_channel_shadow_open(pair->remote, &map, image);
	else
		mpr_channel_shadow_publish(pair->remote, image);
}

static void read_shadow(struct pair *pair, uint16_t offset, uint8_t value)
{
	uint64_t got;

	mpr_channel_shadow_read(pair->proxy, value >> 4, offset, 1u << value % 4, &got);
}

static void call(struct pair *pair, uint8_t what, uint16_t offset, uint8_t value)
{
	struct mpr_msg msg = {.type = MPR_MSG_READ, .size = 4, .value = value};

	switch (what % 14) {
	case 0:
		mpr_channel_send(pair->proxy, &msg, NULL);
		break;
	case 1:
		mpr_channel_send(pair->proxy, &msg, &pair->ticket);
		break;
	case 2:
		mpr_channel_reply(pair->proxy, pair->ticket, &msg);
		break;
	case 3:
		mpr_channel_event(pair->proxy, &msg);
		break;
	case 4:
		pair->current = mpr_channel_receive(pair->remote, &msg);
		break;
	case 5:
		if (pair->current)
			mpr_channel_complete(pair->remote, value, 0);
		pair->current = false;
		break;
	case 6:
		if (pair->current)
			mpr_channel_retire(pair->remote);
		pair->current = false;
		break;
	case 7:
		mpr_channel_notify(pair->remote, &msg);
		break;
	case 8:
		mpr_channel_arm(pair->remote);
		break;
	case 9:
		mpr_channel_disarm(pair->remote);
		break;
	case 10:
	case 11:
		cast_shadow(pair, what % 14 == 10, value);
		break;
	case 12:
		read_shadow(pair, offset, value);
		break;
	case 13:
		msg = (struct mpr_msg){
			.type = MPR_MSG_WRITE, .size = 1, .offset = offset, .value = value};
		mpr_channel_send(pair->proxy, &msg, NULL);
		mpr_channel_intx(pair->proxy);
		break;
	}
}

/* A step: kind, offset (two bytes), value. */
static void step(struct pair *pair, const uint8_t *data)
{
	unsigned offset = data[1] | (unsigned)data[2] << 8;

	if (data[0] & 0x80)
		pair->memory[offset % BYTES] = data[3];
	else
		call(pair, data[0], (uint16_t)offset, data[3]);
}

static bool pair_open(struct pair *pair)
{
	struct mpr_channel_options options = {
		.slots = SLOTS, .numa_node = -1, .no_hugepages = true};

	*pair = (struct pair){0};
	if (mpr_channel_create(&options, &pair->proxy) < 0)
		return false;
	pair->memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			    mpr_channel_memfd(pair->proxy), 0);
	if (pair->memory == MAP_FAILED ||
	    mpr_channel_attach(dup(mpr_channel_memfd(pair->proxy)),
			       dup(mpr_channel_doorbell(pair->proxy)), &pair->remote) < 0) {
		mpr_channel_destroy(pair->proxy);
		return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pair pair;

	if (size > 0 && data[0] == 0xff) {
		fuzz_header(data + 1, size - 1);
		return 0;
	}
	if (!pair_open(&pair))
		return 0;
	for (; size >= 4; data += 4, size -= 4)
		step(&pair, data);
	munmap(pair.memory, BYTES);
	mpr_channel_destroy(pair.remote);
	mpr_channel_destroy(pair.proxy);
	return 0;
}

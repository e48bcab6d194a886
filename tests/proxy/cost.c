/* SPDX-License-Identifier: MIT */
/*
 * Accesses to a device whose remote is this program, for cost_test.sh to count
 * the instructions of. `cost write N` posts N writes; `cost shadow N` makes
 * N reads that the shadow answers. Says what one took, as a comment.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proxy/internal.h"
#include "ring/channel_remote.h"

#define BURST 64

static struct mpr_channel *attach(const struct mpr_channel *proxy)
{
	struct mpr_channel *remote;

	if (mpr_channel_attach(dup(mpr_channel_memfd(proxy)), dup(mpr_channel_doorbell(proxy)),
			       &remote))
		exit(1);
	return remote;
}

static void serve(struct mpr_channel *remote)
{
	struct mpr_msg msg;

	while (mpr_channel_receive(remote, &msg))
		mpr_channel_retire(remote);
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The ns that one write of a burst took in the fastest burst. */
static double post(struct mpr_proxy_device *device, struct mpr_channel *remote, long count)
{
	double best = 1e9;

	for (long i = 0; i < count; i += BURST) {
		double start = now_ns(), ns;

		for (int k = 0; k < BURST; k++)
			mpr_proxy_write(device, 1, 0x14, 1, 0x20);
		ns = (now_ns() - start) / BURST;
		best = ns < best ? ns : best;
		serve(remote);
	}
	return best;
}

static double look(struct mpr_proxy_device *device, struct mpr_channel *remote, long count)
{
	const struct mpr_shadow_map map = {.span = {0, 1024}, .readable = {[2] = 0xff}};
	uint8_t image[MPR_SHADOW_SIZE] = {0};
	double start;

	mpr_channel_shadow_open(remote, &map, image);
	start = now_ns();
	for (long i = 0; i < count; i++)
		if (mpr_proxy_read(device, 1, 0x14, 1) != 0)
			exit(1);
	return (now_ns() - start) / (double)count;
}

/* With a second thread the C library takes its locks, as in a VMM. */
static void *idle(void *opaque)
{
	return opaque;
}

int main(int argc, char **argv)
{
	struct mpr_channel_options options = {.numa_node = -1};
	struct mpr_proxy_conn conn = {.fd = -1};
	struct mpr_proxy_device device = {.conn = &conn};
	struct mpr_channel *remote;
	pthread_t thread;
	double ns;

	if (pthread_create(&thread, NULL, idle, NULL) == 0)
		pthread_join(thread, NULL);
	if (argc != 3 || mpr_channel_create(&options, &device.channel))
		return 1;
	remote = attach(device.channel);
	if (strcmp(argv[1], "write") == 0)
		ns = post(&device, remote, atol(argv[2]));
	else
		ns = look(&device, remote, atol(argv[2]));
	printf("# %s: %.1f ns each\n", argv[1], ns);
	mpr_channel_destroy(remote);
	mpr_channel_destroy(device.channel);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* The job of blk_iops on our block layer. */
#include "bench/blk_load.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/histogram.h"
#include "blk/blk.h"

#define ALIGNMENT 4096

struct load;

struct slot {
	struct mpr_blk_req req; /* first */
	struct iovec iov;
	struct load *load;
	uint64_t start; /* ns */
};

struct load {
	const struct bench_job *job;
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	char *memory;
	struct slot *slots;
	uint64_t blocks; /* of the file */
	uint64_t next;	 /* block, or the state of the generator */
	uint64_t end;	 /* ns: nothing is submitted from then on */
	uint64_t now;	 /* ns, when the kernel was asked last */
	uint64_t done;
	int error;
	struct bench_histogram latency;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t thread_cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

/* xorshift64 for random jobs. */
static uint64_t next_block(struct load *load)
{
	if (!load->job->random)
		return load->next++ % load->blocks;
	load->next ^= load->next << 13;
	load->next ^= load->next >> 7;
	load->next ^= load->next << 17;
	return load->next % load->blocks;
}

static void submit(struct slot *slot)
{
	struct load *load = slot->load;

	slot->req.offset = next_block(load) * load->job->block;
	slot->start = clock_ns(CLOCK_MONOTONIC);
	mpr_blk_submit(load->blk, &slot->req);
}

static void on_done(struct mpr_blk_req *req, int result)
{
	struct slot *slot = (struct slot *)req;
	struct load *load = slot->load;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	bench_histogram_add(&load->latency, now - slot->start);
	load->done++;
	if (result < 0)
		load->error = result;
	if (!load->error && now < load->end)
		submit(slot);
}

static int prepare(struct load *load, const struct bench_disk *disk, bool registered)
{
	const struct mpr_blk_options options = {.file = disk->file, .cache = MPR_CACHE_NONE};
	const struct bench_job *job = load->job;
	size_t size = (size_t)job->depth * job->block;
	char *why = NULL;
	int err = mpr_uring_create(2 * job->depth, &load->ring);

	if (err)
		return err;
	err = mpr_blk_open(load->ring, &options, &load->blk, &why);
	if (why)
		fprintf(stderr, "blk_iops: %s\n", why);
	free(why);
	if (err)
		return err;
	load->slots = calloc(job->depth, sizeof(*load->slots));
	if (!load->slots || posix_memalign((void **)&load->memory, ALIGNMENT, size))
		return -ENOMEM;
	memset(load->memory, 0x5a, size);
	if (registered)
		return mpr_uring_add_memory(load->ring, load->memory, size);
	return 0;
}

static void release(struct load *load)
{
	mpr_blk_close(load->blk);
	mpr_uring_destroy(load->ring);
	free(load->slots);
	free(load->memory);
}

static void start(struct load *load, double seconds)
{
	const struct bench_job *job = load->job;

	load->end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);
	for (unsigned i = 0; i < job->depth; i++) {
		struct slot *slot = &load->slots[i];

		slot->load = load;
		slot->iov.iov_base = load->memory + (size_t)i * job->block;
		slot->iov.iov_len = job->block;
		slot->req.op = job->write ? MPR_BLK_WRITE : MPR_BLK_READ;
		slot->req.iov = &slot->iov;
		slot->req.niov = 1;
		slot->req.done = on_done;
		submit(slot);
	}
}

static int run(struct load *load, double seconds, struct bench_io *io)
{
	const struct mpr_uring_stats *stats = mpr_uring_stats(load->ring);
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), cpu = thread_cpu_ns();
	uint64_t enters = stats->enters;
	int err = 0;

	start(load, seconds);
	while (!err && mpr_blk_in_flight(load->blk)) {
		err = mpr_uring_wait(load->ring, UINT64_MAX);
		mpr_uring_reap(load->ring);
	}
	*io = (struct bench_io){
		.iops = (double)load->done * 1e9 / (double)(clock_ns(CLOCK_MONOTONIC) - begin),
		.cpu_ns = (double)(thread_cpu_ns() - cpu) / (double)load->done,
		.calls = (double)(stats->enters - enters) / (double)load->done,
		.p50_us = bench_histogram_quantile(&load->latency, 0.5) / 1e3,
		.p99_us = bench_histogram_quantile(&load->latency, 0.99) / 1e3,
	};
	return err ? err : load->error;
}

int bench_blk_run(const struct bench_disk *disk, const struct bench_job *job, bool registered,
		  struct bench_io *io)
{
	struct load load = {
		.job = job,
		.blocks = disk->size / job->block,
		.next = job->random ? 88172645463325252u : 0,
	};
	int err = prepare(&load, disk, registered);

	if (!err)
		err = run(&load, disk->seconds, io);
	if (err)
		fprintf(stderr, "blk_iops: %s: %s\n", job->name, strerror(-err));
	release(&load);
	return err;
}

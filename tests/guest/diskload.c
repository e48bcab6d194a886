/* SPDX-License-Identifier: MIT */
/*
 * A disk load that can be checked. Many jobs at once write and read requests
 * of 512 bytes to 64 KiB with O_DIRECT, from buffers that are aligned to 512
 * bytes only, and check every byte they read. What a disk holds in the end
 * follows from the arguments alone, so that `verify` can compare an image with
 * it on the host.
 *
 *   diskload load SEED JOBS REQUESTS DISK...
 *   diskload verify SEED JOBS REQUESTS IMAGE...
 *
 * Every job has an extent of its own on every disk; JOBS run on each disk at
 * the same time. The disks must be all zeros before.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512u
#define REQUEST_BLOCKS 128u /* 64 KiB, the largest request */
#define EXTENT_BLOCKS 2048u /* 1 MiB for each job */
#define PAGE 4096u
#define SYNC_EVERY 64u

struct load {
	uint64_t seed;
	unsigned jobs, requests;
	bool verify_only;
};

struct job {
	const struct load *load;
	const char *path;
	int fd;
	unsigned disk;
	uint64_t first; /* block of the disk where the extent starts */
	uint64_t random;
	uint32_t generation[EXTENT_BLOCKS]; /* request that wrote the block last; 0: none */
	uint8_t *memory;
	bool failed;
};

struct request {
	bool write;
	uint32_t first, count; /* blocks of the extent */
	uint32_t shift;	       /* where in its page the buffer starts */
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* The content of a block in a generation. Generation 0 is a disk never written. */
static void fill_block(const struct job *job, uint32_t block, uint32_t generation, uint8_t *data)
{
	uint64_t words[BLOCK / 8] = {0};
	if (generation) {
		words[0] = job->load->seed;
		words[1] = (uint64_t)job->disk << 56 | (job->first + block);
		words[2] = generation;
		uint64_t state = (words[0] ^ words[1] * 0x9e3779b97f4a7c15ULL ^ words[2] << 40) | 1;
		for (unsigned i = 3; i < BLOCK / 8; i++)
			words[i] = next_random(&state);
	}
	memcpy(data, words, BLOCK);
}

static bool check_block(const struct job *job, uint32_t block, const uint8_t *data)
{
	uint8_t expected[BLOCK];
	fill_block(job, block, job->generation[block], expected);
	if (memcmp(data, expected, BLOCK) == 0)
		return true;
	uint64_t found[3];
	memcpy(found, data, sizeof(found));
	printf("# %s: block %llu should hold generation %u, holds seed %llx block %llx "
	       "generation %llx\n",
	       job->path, (unsigned long long)(job->first + block), job->generation[block],
	       (unsigned long long)found[0], (unsigned long long)found[1],
	       (unsigned long long)found[2]);
	return false;
}

static bool complain(const struct job *job, const char *what)
{
	printf("# %s: %s: %s\n", job->path, what, strerror(errno));
	return false;
}

static struct request next_request(struct job *job)
{
	static const uint32_t counts[] = {1, 1, 2, 8, 8, 9, 16, 33, 64, REQUEST_BLOCKS};
	uint64_t random = next_random(&job->random);
	struct request request = {
		.write = random % 3 != 0,
		.count = counts[(random >> 8) % (sizeof(counts) / sizeof(counts[0]))],
		.shift = (random >> 16) % (PAGE / BLOCK) * BLOCK,
	};
	request.first = (random >> 24) % (EXTENT_BLOCKS - request.count + 1);
	return request;
}

static bool write_blocks(struct job *job, const struct request *request, uint32_t generation)
{
	uint8_t *buffer = job->memory + request->shift;
	for (uint32_t i = 0; i < request->count; i++) {
		job->generation[request->first + i] = generation;
		if (!job->load->verify_only)
			fill_block(job, request->first + i, generation, buffer + i * BLOCK);
	}
	if (job->load->verify_only)
		return true;
	size_t size = (size_t)request->count * BLOCK;
	if (pwrite(job->fd, buffer, size, (off_t)(job->first + request->first) * BLOCK) !=
	    (ssize_t)size)
		return complain(job, "write");
	return true;
}

static bool read_blocks(struct job *job, const struct request *request)
{
	uint8_t *buffer = job->memory + request->shift;
	size_t size = (size_t)request->count * BLOCK;
	memset(buffer, 0xee, size);
	if (pread(job->fd, buffer, size, (off_t)(job->first + request->first) * BLOCK) !=
	    (ssize_t)size)
		return complain(job, "read");
	for (uint32_t i = 0; i < request->count; i++)
		if (!check_block(job, request->first + i, buffer + i * BLOCK))
			return false;
	return true;
}

static bool do_request(struct job *job, uint32_t number)
{
	struct request request = next_request(job);
	if (request.write) {
		if (!write_blocks(job, &request, number))
			return false;
	} else if (!job->load->verify_only && !read_blocks(job, &request)) {
		return false;
	}
	if (!job->load->verify_only && number % SYNC_EVERY == 0 && fsync(job->fd) < 0)
		return complain(job, "fsync");
	return true;
}

static bool check_extent(struct job *job)
{
	struct request request = {.count = REQUEST_BLOCKS};
	for (; request.first < EXTENT_BLOCKS; request.first += REQUEST_BLOCKS)
		if (!read_blocks(job, &request))
			return false;
	return true;
}

static void *run_job(void *opaque)
{
	struct job *job = opaque;
	for (uint32_t number = 1; number <= job->load->requests && !job->failed; number++)
		job->failed = !do_request(job, number);
	if (!job->failed && !job->load->verify_only && fsync(job->fd) < 0)
		job->failed = !complain(job, "fsync");
	if (!job->failed)
		job->failed = !check_extent(job);
	return NULL;
}

static bool init_job(struct job *job, const struct load *load, const char *path, unsigned disk,
		     unsigned index)
{
	job->load = load;
	job->path = path;
	job->disk = disk;
	job->first = (uint64_t)index * EXTENT_BLOCKS;
	job->random =
		(load->seed ^ ((uint64_t)disk << 32 | (index + 1)) * 0x9e3779b97f4a7c15ULL) | 1;
	job->fd = open(path, load->verify_only ? O_RDONLY : O_RDWR | O_DIRECT);
	if (job->fd < 0)
		return complain(job, "open");
	job->memory = aligned_alloc(PAGE, REQUEST_BLOCKS * BLOCK + PAGE);
	return job->memory || complain(job, "memory");
}

static bool run_load(const struct load *load, char **disks, unsigned ndisks)
{
	unsigned count = load->jobs * ndisks, started = 0;
	struct job *jobs = calloc(count, sizeof(*jobs));
	pthread_t *threads = calloc(count, sizeof(*threads));
	bool good = jobs && threads;
	for (; good && started < count; started++) {
		unsigned disk = started % ndisks;
		good = init_job(&jobs[started], load, disks[disk], disk, started / ndisks) &&
		       pthread_create(&threads[started], NULL, run_job, &jobs[started]) == 0;
		if (!good)
			break;
	}
	for (unsigned i = 0; i < started; i++) {
		pthread_join(threads[i], NULL);
		good &= !jobs[i].failed;
		close(jobs[i].fd);
		free(jobs[i].memory);
	}
	free(threads);
	free(jobs);
	return good;
}

int main(int argc, char **argv)
{
	bool load = argc > 5 && strcmp(argv[1], "load") == 0;
	bool verify = argc > 5 && strcmp(argv[1], "verify") == 0;
	if (!load && !verify) {
		fprintf(stderr, "usage: diskload load|verify SEED JOBS REQUESTS DISK...\n");
		return 2;
	}
	struct load what = {
		.seed = strtoull(argv[2], NULL, 0),
		.jobs = (unsigned)strtoul(argv[3], NULL, 0),
		.requests = (unsigned)strtoul(argv[4], NULL, 0),
		.verify_only = verify,
	};
	unsigned ndisks = (unsigned)argc - 5;
	bool good = run_load(&what, argv + 5, ndisks);
	printf("diskload: %s: %u jobs on each of %u disks, %u requests each: %s\n", argv[1],
	       what.jobs, ndisks, what.requests, good ? "good" : "BAD");
	return good ? 0 : 1;
}

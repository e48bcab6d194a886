/* SPDX-License-Identifier: MIT */
/* What the tests of the ring share: cmocka, memory, processes, a random
 * number generator and a channel with both its ends. */
#ifndef MPR_TESTS_RING_FIXTURE_H
#define MPR_TESTS_RING_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ring/channel_proxy.h"
#include "ring/channel_remote.h"
#include "ring/spsc.h"
#include "tests/common/unit.h"

/* Under a sanitizer everything is counted down. */
#ifdef MPR_SANITIZE
#define MPR_TEST_COUNT(full, sanitized) ((uint64_t)(sanitized))
#else
#define MPR_TEST_COUNT(full, sanitized) ((uint64_t)(full))
#endif

/* Memory that a forked process shares. */
static inline void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

/* Pins the caller to a processor if it can. */
static inline void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* xorshift: repeatable, different for each seed. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The contents of item n, each word different. */
struct item {
	uint64_t word[7];
};
static_assert(sizeof(struct item) == MPR_SPSC_PAYLOAD, "an item fills a slot");

static inline void item_fill(struct item *item, uint64_t n)
{
	for (unsigned i = 0; i < 7; i++)
		item->word[i] = (n + i) * 0x9e3779b97f4a7c15u;
}

static inline bool item_is(const struct item *item, uint64_t n)
{
	uint64_t wrong = 0;

	for (unsigned i = 0; i < 7; i++)
		wrong |= item->word[i] ^ (n + i) * 0x9e3779b97f4a7c15u;
	return wrong == 0;
}

/* Both ends of a channel in one process, and its memory, to scribble on: it can be
 * mapped for writing only before the remote has attached. */
struct ends {
	struct mpr_channel *proxy, *remote;
	uint8_t *shared;
};

#define ENDS_SHARED (2 << 20) /* bytes, of address space */

static inline struct mpr_channel *attach_to(const struct mpr_channel *proxy)
{
	struct mpr_channel *remote;

	assert_int_equal(mpr_channel_attach(dup(mpr_channel_memfd(proxy)),
					    dup(mpr_channel_doorbell(proxy)), &remote),
			 0);
	return remote;
}

static inline struct ends ends_open(uint32_t slots)
{
	struct mpr_channel_options options = {.slots = slots, .numa_node = -1};
	struct ends ends;

	assert_int_equal(mpr_channel_create(&options, &ends.proxy), 0);
	ends.shared = mmap(NULL, ENDS_SHARED, PROT_READ | PROT_WRITE, MAP_SHARED,
			   mpr_channel_memfd(ends.proxy), 0);
	assert_ptr_not_equal(ends.shared, MAP_FAILED);
	ends.remote = attach_to(ends.proxy);
	return ends;
}

static inline void ends_close(struct ends *ends)
{
	mpr_channel_destroy(ends->remote);
	mpr_channel_destroy(ends->proxy);
	munmap(ends->shared, ENDS_SHARED);
}

/* Ends a child with a normal exit; 0 is success. */
static inline void expect_success(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif

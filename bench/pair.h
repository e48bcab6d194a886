/* SPDX-License-Identifier: MIT */
/*
 * Two processes, each pinned to a processor, that share memory: this one
 * measures, the forked one answers.
 */
#ifndef MPR_BENCH_PAIR_H
#define MPR_BENCH_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ring/memfd.h"

/* Lines that the two share, each with 128 bytes to itself. */
struct bench_line {
	uint64_t word;
	uint8_t guard[120];
} __attribute__((aligned(128)));

struct bench_shared {
	struct bench_line ping, pong, stop, ready;
	uint8_t rings[]; /* for measures that want more memory */
};

struct bench_pair {
	int cpu[2]; /* ours, the peer's */
	struct mpr_memfd memory;
	struct bench_shared *shared;
	pid_t peer;
};

/* Takes the memory, on hugepages if there are any, and pins this process.
 * 0 or negative errno. */
int bench_pair_open(struct bench_pair *pair, int cpu, int peer_cpu);
void bench_pair_close(struct bench_pair *pair);

/* Forks the peer, which runs answer(opaque) and ends; returns when it is about
 * to. The peer ends too when this process does. 0 or negative errno. */
int bench_peer_start(struct bench_pair *pair, void (*answer)(void *opaque), void *opaque);
/* Tells the peer to stop and waits for it. */
void bench_peer_stop(struct bench_pair *pair);
/* Whether the peer has been told to stop. */
bool bench_stopped(const struct bench_shared *shared);

/* Between two polls of something that the other process changes. */
static inline void bench_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* A clock of high resolution, and what its ticks are in nanoseconds. */
uint64_t bench_ticks(void);
double bench_ns_per_tick(void);

#endif

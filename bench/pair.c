/* SPDX-License-Identifier: MIT */
#include "bench/pair.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define BYTES ((size_t)1 << 20)

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int bench_pair_open(struct bench_pair *pair, int cpu, int peer_cpu)
{
	int err;

	*pair = (struct bench_pair){.cpu = {cpu, peer_cpu}, .peer = -1};
	/* Both are tried; the measuring process stays on its own. */
	err = pin(peer_cpu);
	if (!err)
		err = pin(cpu);
	if (!err)
		err = mpr_memfd_create(&pair->memory, BYTES, -1, false);
	pair->shared = pair->memory.base;
	return err;
}

void bench_pair_close(struct bench_pair *pair)
{
	mpr_memfd_destroy(&pair->memory);
}

int bench_peer_start(struct bench_pair *pair, void (*answer)(void *opaque), void *opaque)
{
	struct bench_shared *shared = pair->shared;

	memset(shared, 0, sizeof(*shared));
	pair->peer = fork();
	if (pair->peer < 0)
		return -errno;
	if (pair->peer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(pair->cpu[1]);
		/* Release and acquire below: the peer is on its processor. */
		__atomic_store_n(&shared->ready.word, 1, __ATOMIC_RELEASE);
		answer(opaque);
		_exit(0);
	}
	while (!__atomic_load_n(&shared->ready.word, __ATOMIC_ACQUIRE))
		sched_yield();
	return 0;
}

void bench_peer_stop(struct bench_pair *pair)
{
	/* Relaxed: the peer sees it at some time. */
	__atomic_store_n(&pair->shared->stop.word, 1, __ATOMIC_RELAXED);
	waitpid(pair->peer, NULL, 0);
	pair->peer = -1;
}

bool bench_stopped(const struct bench_shared *shared)
{
	/* Relaxed: see bench_peer_stop(). */
	return __atomic_load_n(&shared->stop.word, __ATOMIC_RELAXED) != 0;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t bench_ticks(void)
{
#if defined(__x86_64__)
	unsigned cpu;

	return __rdtscp(&cpu);
#else
	return now_ns();
#endif
}

double bench_ns_per_tick(void)
{
	uint64_t ns = now_ns(), ticks = bench_ticks(), end;

	do
		end = now_ns();
	while (end - ns < 50000000);
	return (double)(end - ns) / (double)(bench_ticks() - ticks);
}

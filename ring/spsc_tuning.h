/* SPDX-License-Identifier: MIT */
/*
 * Tuning of spsc.h: what may be changed without changing what the ring does or how it
 * lies in memory, so that the two sides need not agree on it. Every value can be defined
 * before this header is included; bench/ring_sweep.sh measures choices, and
 * docs/performance.md has the figures behind these.
 */
#ifndef MPR_RING_SPSC_TUNING_H
#define MPR_RING_SPSC_TUNING_H

#include <stdbool.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/*
 * How many slots ahead of its position each side prefetches; a consumer that evicts
 * lines does not. The producer must own a line before it stores to it, but if it gets it
 * too early, the consumer's prefetch takes it away again. So the consumer prefetches from
 * further ahead.
 */
#ifndef MPR_SPSC_PREFETCH_PRODUCER
#define MPR_SPSC_PREFETCH_PRODUCER 16u
#endif
#ifndef MPR_SPSC_PREFETCH_CONSUMER
#define MPR_SPSC_PREFETCH_CONSUMER 32u
#endif

/* How many slots behind its position the consumer evicts. Not the last one: reading the
 * next slots fetches its neighbours again, and the peer may still read an answer there. */
#ifndef MPR_SPSC_EVICT_BEHIND
#define MPR_SPSC_EVICT_BEHIND 8u
#endif

/* The consumer publishes its position after this many items (or a quarter of the slots,
 * if that is less). */
#ifndef MPR_SPSC_PUBLISH
#define MPR_SPSC_PUBLISH 256u
#endif

/* Whether the consumer evicts lines: on AMD processors with CLFLUSHOPT, where it was
 * measured to pay. MPR_SPSC_EVICTS, 0 or 1, overrides that. */
static inline bool mpr_spsc_evicting(void)
{
#if defined(MPR_SPSC_EVICTS)
	return MPR_SPSC_EVICTS;
#elif defined(__x86_64__)
	unsigned eax, ebx, ecx, edx;

	return __get_cpuid(0, &eax, &ebx, &ecx, &edx) && ebx == signature_AMD_ebx &&
	       __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_CLFLUSHOPT);
#else
	return false;
#endif
}

#endif

/* SPDX-License-Identifier: MIT */
/* Counts of durations, exact to 1.6 percent, in constant space and time. */
#ifndef MPR_BENCH_HISTOGRAM_H
#define MPR_BENCH_HISTOGRAM_H

#include <stdint.h>

#define BENCH_HISTOGRAM_BITS 6 /* steps of a power of two, as an exponent */
#define BENCH_HISTOGRAM_STEPS (1u << BENCH_HISTOGRAM_BITS)

/* Zeroed before first use. */
struct bench_histogram {
	uint64_t count;
	uint64_t bucket[(65 - BENCH_HISTOGRAM_BITS) * BENCH_HISTOGRAM_STEPS];
};

static inline unsigned bench_histogram_index(uint64_t value)
{
	unsigned shift;

	if (value < BENCH_HISTOGRAM_STEPS)
		return (unsigned)value;
	shift = 63 - BENCH_HISTOGRAM_BITS - (unsigned)__builtin_clzll(value);
	return (shift + 1) * BENCH_HISTOGRAM_STEPS +
	       (unsigned)((value >> shift) - BENCH_HISTOGRAM_STEPS);
}

static inline void bench_histogram_add(struct bench_histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->bucket[bench_histogram_index(value)]++;
}

/* The middle of the bucket with the q-th of all values; 0 when there is none. */
static inline double bench_histogram_quantile(const struct bench_histogram *histogram, double q)
{
	uint64_t rank = (uint64_t)(q * (double)(histogram->count - 1)), seen = 0;
	unsigned i = 0;

	if (!histogram->count)
		return 0;
	while ((seen += histogram->bucket[i]) <= rank)
		i++;
	if (i < BENCH_HISTOGRAM_STEPS)
		return i;
	return ((double)(BENCH_HISTOGRAM_STEPS + i % BENCH_HISTOGRAM_STEPS) + 0.5) *
	       (double)(UINT64_C(1) << (i / BENCH_HISTOGRAM_STEPS - 1));
}

#endif

/* SPDX-License-Identifier: MIT */
/* What ring_latency measures. */
#ifndef MPR_BENCH_MEASURES_H
#define MPR_BENCH_MEASURES_H

#include "bench/pair.h"

/* One measurement: `count` samples in ticks, or one figure for all of them. */
struct bench_run {
	struct bench_pair *pair;
	uint32_t *samples; /* ticks of each; unused when the measure streams */
	size_t count;
	double total; /* ticks for all `count`, when the measure streams */
};

struct bench_measure {
	const char *name; /* in the output */
	const char *what;
	bool streams;			   /* the result is a rate */
	unsigned divisor;		   /* takes so many times fewer samples: it is slow */
	int (*run)(struct bench_run *run); /* 0 or negative errno */
};

/* The first is the probe of how far the processors are apart. */
extern const struct bench_measure bench_measures[];
extern const size_t bench_measure_count;

#endif

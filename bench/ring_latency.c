/* SPDX-License-Identifier: MIT */
/*
 * ring_latency: what the ring and the channel cost between two processes on
 * two processors, beside what a cache line there and back costs and what the
 * kernel's ways cost. Every run of every measure stands between two probes of
 * how far apart the processors are, because a virtual machine's processors may
 * be moved; runs outside the range are repeated, and counted if they stay so.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measures.h"
#include "bench/peers/peers.h"

/* A probe's round trip in ns between processors that are apart. */
#define PROBE_MIN 90.0
#define PROBE_MAX 170.0
#define ATTEMPTS 5
#define STREAM_FACTOR 50 /* a stream moves so many times more items */

struct options {
	unsigned runs;
	bool json, quick, peers;
	int cpu[2];
	const char *only;
};

/* The median run of a measure. */
struct result {
	double p50, p99, p999, max; /* ns */
	double lowest, highest;	    /* p50 of the runs, ns */
	double rate;		    /* streams: millions a second */
	unsigned outside;	    /* runs kept though the probe was out of range */
};

static double ns_per_tick;

static int by_ticks(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int by_p50(const void *a, const void *b)
{
	double x = ((const struct result *)a)->p50, y = ((const struct result *)b)->p50;

	return (x > y) - (x < y);
}

static double quantile(const struct bench_run *run, double q)
{
	return run->samples[(size_t)(q * (double)(run->count - 1))] * ns_per_tick;
}

/* ---- One run ---------------------------------------------------------- */

static int measure_once(const struct bench_measure *measure, struct bench_run *run,
			struct result *result)
{
	int err = measure->run(run);

	*result = (struct result){0};
	if (err)
		return err;
	if (measure->streams) {
		result->p50 = run->total * ns_per_tick / (double)run->count;
		result->rate = 1000.0 / result->p50;
		return 0;
	}
	qsort(run->samples, run->count, sizeof(run->samples[0]), by_ticks);
	result->p50 = quantile(run, 0.5);
	result->p99 = quantile(run, 0.99);
	result->p999 = quantile(run, 0.999);
	result->max = quantile(run, 1.0);
	return 0;
}

static int probe(struct bench_run *run, bool *apart)
{
	struct bench_run quick = *run;
	struct result result;
	int err;

	quick.count = 5000;
	err = measure_once(&bench_measures[0], &quick, &result);
	*apart = !err && result.p50 >= PROBE_MIN && result.p50 <= PROBE_MAX;
	return err;
}

/* A run between two probes; when they are out of range, another one. */
static int measure_apart(const struct bench_measure *measure, struct bench_run *run,
			 struct result *result)
{
	bool before = false, after = false;
	int err = 0;

	for (int i = 0; i < ATTEMPTS && !err && !(before && after); i++) {
		err = probe(run, &before);
		if (!err)
			err = measure_once(measure, run, result);
		if (!err)
			err = probe(run, &after);
	}
	result->outside = !(before && after);
	return err;
}

/* ---- All runs of a measure -------------------------------------------- */

static size_t samples_of(const struct bench_measure *measure, const struct options *options)
{
	size_t count = (options->quick ? 20000 : 200000) / measure->divisor;

	return measure->streams ? count * STREAM_FACTOR : count;
}

static int measure_runs(const struct bench_measure *measure, struct bench_pair *pair,
			uint32_t *samples, const struct options *options, struct result *median)
{
	struct result *results = calloc(options->runs, sizeof(*results));
	unsigned outside = 0;
	int err = results ? 0 : -ENOMEM;

	for (unsigned i = 0; i < options->runs && !err; i++) {
		struct bench_run run = {
			.pair = pair, .samples = samples, .count = samples_of(measure, options)};

		err = measure_apart(measure, &run, &results[i]);
		outside += results[i].outside;
	}
	if (!err) {
		qsort(results, options->runs, sizeof(*results), by_p50);
		*median = results[options->runs / 2];
		median->lowest = results[0].p50;
		median->highest = results[options->runs - 1].p50;
		median->outside = outside;
	}
	free(results);
	return err;
}

/* ---- Output ----------------------------------------------------------- */

static void print_head(const struct options *options, const struct bench_pair *pair)
{
	const char *pages = pair->memory.hugepages ? "hugepages of 2 MiB" : "normal pages";

	if (options->json) {
		printf("{\"cpus\": [%d, %d], \"runs\": %u, \"hugepages\": %s, \"measures\": [",
		       options->cpu[0], options->cpu[1], options->runs,
		       pair->memory.hugepages ? "true" : "false");
		return;
	}
	printf("processes on cpus %d and %d, %s, median of %u runs; ns\n", options->cpu[0],
	       options->cpu[1], pages, options->runs);
	printf("%-46s %8s %8s %8s %9s %17s\n", "", "p50", "p99", "p99.9", "max", "p50 of the runs");
}

static void print_json(const struct bench_measure *measure, const struct result *r, bool first)
{
	printf("%s\n  {\"name\": \"%s\", \"p50_ns\": %.1f, \"lowest_p50_ns\": %.1f, "
	       "\"highest_p50_ns\": %.1f, \"runs_outside_probe\": %u",
	       first ? "" : ",", measure->name, r->p50, r->lowest, r->highest, r->outside);
	if (measure->streams)
		printf(", \"millions_per_second\": %.2f}", r->rate);
	else
		printf(", \"p99_ns\": %.1f, \"p99_9_ns\": %.1f, \"max_ns\": %.1f}", r->p99, r->p999,
		       r->max);
}

static void print_row(const struct bench_measure *measure, const struct result *r)
{
	printf("%-46s %8.1f ", measure->what, r->p50);
	if (measure->streams)
		printf("%15.1f million/s  ", r->rate);
	else
		printf("%8.0f %8.0f %9.0f", r->p99, r->p999, r->max);
	printf(" %8.1f-%.1f", r->lowest, r->highest);
	if (r->outside)
		printf("  (%u runs with the probe outside %.0f to %.0f)", r->outside, PROBE_MIN,
		       PROBE_MAX);
	putchar('\n');
	fflush(stdout);
}

/* ---- Main ------------------------------------------------------------- */

/* Of the peers' many measures, --only takes those whose names contain it. */
static bool wanted(const struct bench_measure *measure, const struct options *options)
{
	if (!options->only)
		return true;
	return options->peers ? strstr(measure->name, options->only) != NULL
			      : strcmp(measure->name, options->only) == 0;
}

/* What the measures share. */
struct bench {
	const struct options *options;
	struct bench_pair *pair;
	uint32_t *samples;
	bool first; /* nothing has been printed yet */
};

static int measure_table(struct bench *bench, const struct bench_measure *measures, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		struct result result;

		if (!wanted(&measures[i], bench->options))
			continue;
		err = measure_runs(&measures[i], bench->pair, bench->samples, bench->options,
				   &result);
		if (err)
			fprintf(stderr, "ring_latency: %s: %s\n", measures[i].name, strerror(-err));
		else if (bench->options->json)
			print_json(&measures[i], &result, bench->first);
		else
			print_row(&measures[i], &result);
		bench->first = false;
	}
	return err;
}

static int measure_peers(struct bench *bench)
{
	int err = 0;

	for (size_t i = 0; i < bench_peer_count && !err; i++) {
		const struct bench_peer_entry *peer = &bench_peers[i];

		if (peer->built)
			err = measure_table(bench, peer->built->measures, peer->built->count);
		else
			fprintf(stderr,
				"ring_latency: %s is left out: it was built without %s; "
				"install it, then bazel sync --configure\n",
				peer->what, peer->package);
	}
	return err;
}

static int measure_all(const struct options *options, struct bench_pair *pair, uint32_t *samples)
{
	struct bench bench = {.options = options, .pair = pair, .samples = samples, .first = true};
	int err;

	print_head(options, pair);
	err = options->peers ? measure_peers(&bench)
			     : measure_table(&bench, bench_measures, bench_measure_count);
	if (options->json)
		printf("\n]}\n");
	return err;
}

static void usage(FILE *to)
{
	fprintf(to, "usage: ring_latency [option...]\n"
		    "Measures rings and channels between two processes.\n"
		    "  --cpus A,B    processors to run on (default 0,1)\n"
		    "  --runs N      runs of each measure, the median is shown (default 5)\n"
		    "  --peers       the ring and other ways to move messages of 8 to 4096\n"
		    "                bytes, instead: NAME-{trip,stream,batch}-BYTES\n"
		    "  --only NAME   one measure; of the peers', those that contain NAME:");
	for (size_t i = 0; i < bench_measure_count; i++)
		fprintf(to, " %s", bench_measures[i].name);
	fprintf(to, "\n"
		    "  --quick       a tenth of the samples\n"
		    "  --json        JSON instead of a table\n"
		    "  --help        this text\n");
}

static bool any_wanted(const struct options *options, const struct bench_measure *measures,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wanted(&measures[i], options))
			return true;
	return false;
}

/* Whether --only names a measure. */
static bool known_measure(const struct options *options)
{
	bool known = !options->peers && any_wanted(options, bench_measures, bench_measure_count);

	for (size_t i = 0; options->peers && i < bench_peer_count; i++)
		known |= bench_peers[i].built && any_wanted(options, bench_peers[i].built->measures,
							    bench_peers[i].built->count);
	return known;
}

static bool parse_runs(const char *text, unsigned *runs)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*runs = (unsigned)n;
	return end != text && *end == '\0' && n >= 1 && n <= 1000;
}

static bool parse_cpus(const char *text, int cpu[2])
{
	char rest;

	return sscanf(text, "%d,%d%c", &cpu[0], &cpu[1], &rest) == 2 && cpu[0] >= 0 &&
	       cpu[1] >= 0 && cpu[0] != cpu[1];
}

/* 0: go on; otherwise the program ends with this minus 1. */
static int parse(int argc, char **argv, struct options *options)
{
	const struct option known[] = {
		{"cpus", required_argument, NULL, 'c'}, {"runs", required_argument, NULL, 'r'},
		{"only", required_argument, NULL, 'o'}, {"peers", no_argument, NULL, 'p'},
		{"quick", no_argument, NULL, 'q'},	{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},	{NULL, 0, NULL, 0}};
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			good &= parse_cpus(optarg, options->cpu);
			break;
		case 'r':
			good &= parse_runs(optarg, &options->runs);
			break;
		case 'o':
			options->only = optarg;
			break;
		case 'p':
			options->peers = true;
			break;
		case 'q':
			options->quick = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 'h':
			usage(stdout);
			return 1;
		default:
			good = false;
		}
	}
	if (good && optind == argc && known_measure(options))
		return 0;
	usage(stderr);
	return 2 + 1;
}

int main(int argc, char **argv)
{
	struct options options = {.runs = 5, .cpu = {0, 1}};
	int err = parse(argc, argv, &options);
	struct bench_pair pair;
	uint32_t *samples;

	if (err)
		return err - 1;
	err = bench_pair_open(&pair, options.cpu[0], options.cpu[1]);
	if (err) {
		fprintf(stderr, "ring_latency: cpus %d and %d: %s; see --cpus\n", options.cpu[0],
			options.cpu[1], strerror(-err));
		return 1;
	}
	ns_per_tick = bench_ns_per_tick();
	samples = malloc(200000 * sizeof(*samples));
	err = samples ? measure_all(&options, &pair, samples) : -ENOMEM;
	free(samples);
	bench_pair_close(&pair);
	return err ? 1 : 0;
}

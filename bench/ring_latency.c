/* SPDX-License-Identifier: MIT */
/*
 * ring_latency: what the ring and the channel cost between two processes on
 * two processors, beside what a cache line there and back costs and what the
 * kernel's ways cost. A virtual machine's processors may be moved on its host,
 * and all figures depend on how far they are apart: every run of every measure
 * stands between two probes of that, and is counted with the runs in the same
 * place only. The measures take turns, so that each meets every place.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measures.h"
#include "bench/peers/peers.h"

/* A measure is repeated until enough of its runs were on processors that are
 * apart, but not more than so many times as often. */
#define ATTEMPTS 8
#define STREAM_FACTOR 50 /* a stream moves so many times more items */

/* Where the two processors were, by a probe's round trip in ns. */
enum placement { TOGETHER, NEAR, FAR, MOVED, PLACEMENTS };

#define PROBE_NEAR 70.0
#define PROBE_FAR 150.0

static const char *const placement_names[PLACEMENTS] = {
	[TOGETHER] = "together", /* they share the first cache: threads of one core */
	[NEAR] = "near",	 /* they share the last cache */
	[FAR] = "far",		 /* they share none */
	[MOVED] = "moved",	 /* not the same before and after */
};

struct options {
	unsigned runs;
	bool json, quick, peers;
	int cpu[2];
	const char *only;
};

/* One run of a measure, or the median of several. */
struct result {
	double p50, p99, p999, max; /* ns */
	double rate;		    /* streams: millions a second */
};

/* The runs of a measure in one place. */
struct runs {
	struct result *results;
	unsigned count;
};

/* A measure and what it gave. */
struct row {
	const struct bench_measure *measure;
	struct runs at[PLACEMENTS];
	unsigned attempts;
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

static int probe(struct bench_run *run, enum placement *placement)
{
	struct bench_run quick = *run;
	struct result result;
	int err;

	quick.count = 5000;
	err = measure_once(&bench_measures[0], &quick, &result);
	if (!err)
		*placement = result.p50 < PROBE_NEAR  ? TOGETHER
			     : result.p50 < PROBE_FAR ? NEAR
						      : FAR;
	return err;
}

/* A run between two probes. */
static int measure_placed(const struct bench_measure *measure, struct bench_run *run,
			  struct result *result, enum placement *placement)
{
	enum placement before, after;
	int err = probe(run, &before);

	if (!err)
		err = measure_once(measure, run, result);
	if (!err)
		err = probe(run, &after);
	if (!err)
		*placement = before == after ? before : MOVED;
	return err;
}

/* ---- All runs of all measures ----------------------------------------- */

/* What the measures share. */
struct bench {
	const struct options *options;
	struct bench_pair *pair;
	uint32_t *samples;
	struct row *rows;
	size_t count;
};

static size_t samples_of(const struct bench_measure *measure, const struct options *options)
{
	size_t count = (options->quick ? 20000 : 200000) / measure->divisor;

	return measure->streams ? count * STREAM_FACTOR : count;
}

/* Whether a measure has been run often enough. The slow ones sleep, wherever the
 * processors are. */
static bool satisfied(const struct row *row, const struct options *options)
{
	bool anywhere = row->measure->divisor > 1;

	return row->at[NEAR].count >= options->runs || row->at[FAR].count >= options->runs ||
	       row->attempts >= options->runs * (anywhere ? 1 : ATTEMPTS);
}

static int measure_row(const struct bench *bench, struct row *row)
{
	struct bench_run run = {.pair = bench->pair,
				.samples = bench->samples,
				.count = samples_of(row->measure, bench->options)};
	enum placement placement;
	struct result result;
	struct runs *runs;
	int err = measure_placed(row->measure, &run, &result, &placement);

	if (err)
		return err;
	row->attempts++;
	runs = &row->at[placement];
	runs->results = reallocarray(runs->results, runs->count + 1, sizeof(result));
	if (!runs->results)
		return -ENOMEM;
	runs->results[runs->count++] = result;
	return 0;
}

/* Every measure in turn, until all are satisfied. */
static int measure_rows(const struct bench *bench)
{
	bool again = true;
	int err = 0;

	while (again && !err) {
		again = false;
		for (size_t i = 0; i < bench->count && !err; i++) {
			struct row *row = &bench->rows[i];

			if (satisfied(row, bench->options))
				continue;
			again = true;
			err = measure_row(bench, row);
			if (err)
				fprintf(stderr, "ring_latency: %s: %s\n", row->measure->name,
					strerror(-err));
		}
	}
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
	printf("processes on cpus %d and %d, %s, median of the runs; ns\n", options->cpu[0],
	       options->cpu[1], pages);
	printf("%-46s %-8s %4s %8s %8s %8s %9s %17s\n", "", "cpus are", "runs", "p50", "p99",
	       "p99.9", "max", "p50 of the runs");
}

static void print_json(const struct row *row, enum placement placement, bool first)
{
	const struct runs *runs = &row->at[placement];
	const struct result *r = &runs->results[runs->count / 2];

	printf("%s\n  {\"name\": \"%s\", \"placement\": \"%s\", \"runs\": %u, \"p50_ns\": %.1f, "
	       "\"lowest_p50_ns\": %.1f, \"highest_p50_ns\": %.1f",
	       first ? "" : ",", row->measure->name, placement_names[placement], runs->count,
	       r->p50, runs->results[0].p50, runs->results[runs->count - 1].p50);
	if (row->measure->streams)
		printf(", \"millions_per_second\": %.2f}", r->rate);
	else
		printf(", \"p99_ns\": %.1f, \"p99_9_ns\": %.1f, \"max_ns\": %.1f}", r->p99, r->p999,
		       r->max);
}

static void print_row(const struct row *row, enum placement placement)
{
	const struct runs *runs = &row->at[placement];
	const struct result *r = &runs->results[runs->count / 2];

	printf("%-46s %-8s %4u %8.1f ", row->measure->what, placement_names[placement], runs->count,
	       r->p50);
	if (row->measure->streams)
		printf("%15.1f million/s  ", r->rate);
	else
		printf("%8.0f %8.0f %9.0f", r->p99, r->p999, r->max);
	printf(" %8.1f-%.1f\n", runs->results[0].p50, runs->results[runs->count - 1].p50);
}

static void print_rows(const struct bench *bench)
{
	bool first = true;

	print_head(bench->options, bench->pair);
	for (size_t i = 0; i < bench->count; i++)
		for (enum placement p = 0; p < PLACEMENTS; p++) {
			struct row *row = &bench->rows[i];

			if (row->at[p].count == 0)
				continue;
			qsort(row->at[p].results, row->at[p].count, sizeof(struct result), by_p50);
			if (bench->options->json)
				print_json(row, p, first);
			else
				print_row(row, p);
			first = false;
		}
	if (bench->options->json)
		printf("\n]}\n");
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

static int add_rows(struct bench *bench, const struct bench_measure *measures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!wanted(&measures[i], bench->options))
			continue;
		bench->rows = reallocarray(bench->rows, bench->count + 1, sizeof(*bench->rows));
		if (!bench->rows)
			return -ENOMEM;
		bench->rows[bench->count++] = (struct row){.measure = &measures[i]};
	}
	return 0;
}

static int add_peers(struct bench *bench)
{
	int err = 0;

	for (size_t i = 0; i < bench_peer_count && !err; i++) {
		const struct bench_peer_entry *peer = &bench_peers[i];

		if (peer->built)
			err = add_rows(bench, peer->built->measures, peer->built->count);
		else
			fprintf(stderr,
				"ring_latency: %s is left out: it was built without %s; "
				"install it, then bazel sync --configure\n",
				peer->what, peer->package);
	}
	return err;
}

static void free_rows(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++)
		for (enum placement p = 0; p < PLACEMENTS; p++)
			free(bench->rows[i].at[p].results);
	free(bench->rows);
}

static int measure_all(const struct options *options, struct bench_pair *pair, uint32_t *samples)
{
	struct bench bench = {.options = options, .pair = pair, .samples = samples};
	int err = options->peers ? add_peers(&bench)
				 : add_rows(&bench, bench_measures, bench_measure_count);

	if (!err)
		err = measure_rows(&bench);
	if (!err)
		print_rows(&bench);
	free_rows(&bench);
	return err;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: ring_latency [option...]\n"
		"Measures rings and channels between two processes.\n"
		"  --cpus A,B    processors to run on (default 0,1)\n"
		"  --runs N      runs of each measure (default 5); up to 8 times as many until\n"
		"                so many were on processors that do not share a core\n"
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

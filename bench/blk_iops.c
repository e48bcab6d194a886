/* SPDX-License-Identifier: MIT */
/*
 * blk_iops: our block layer beside fio's io_uring engine, on the same file and processor and
 * with the same jobs. The runs of the contenders alternate, so that noise of the disk and the
 * machine hits all of them; ratios are medians of the ratios within a round.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/blk_load.h"

#define MIB (1024 * 1024)
#define RUNS_MAX 100

static const struct bench_job jobs[] = {
	{"randread-4k-1", false, true, 4096, 1},    {"randread-4k-16", false, true, 4096, 16},
	{"randread-4k-64", false, true, 4096, 64},  {"randwrite-4k-1", true, true, 4096, 1},
	{"randwrite-4k-16", true, true, 4096, 16},  {"randwrite-4k-64", true, true, 4096, 64},
	{"read-128k-16", false, false, 131072, 16}, {"write-128k-16", true, false, 131072, 16},
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

/* Who does a job. */
static const struct contender {
	const char *name;
	const char *what;
	bool fio;
	bool extra; /* registered buffers (and for fio, files and batches) */
} contenders[] = {
	{"fio", "fio --ioengine=io_uring", true, false},
	{"fio_tuned", "fio, registered files and buffers, batches", true, true},
	{"mpring", "mpring's block layer", false, false},
	{"mpring_fixed", "mpring's block layer, registered buffers", false, true},
};
#define CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))
#define REFERENCE 0 /* the contender that ratios are to */

struct options {
	struct bench_disk disk;
	const char *only;
	unsigned runs;
	bool json;
	bool fio;
};

/* The runs of one contender at one job. */
struct series {
	unsigned runs;
	struct bench_io io[RUNS_MAX];
};

struct summary {
	struct bench_io median;
	double lowest, highest;	      /* IOPS */
	double iops_ratio, cpu_ratio; /* to the reference; 0: there is none */
};

/* ---- Statistics --------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The median of a member of struct bench_io, given by its offset. */
static double median_of(const struct series *series, size_t member)
{
	double values[RUNS_MAX];

	for (unsigned i = 0; i < series->runs; i++)
		values[i] = *(const double *)((const char *)&series->io[i] + member);
	return median(values, series->runs);
}

static double median_ratio(const struct series *series, const struct series *to, size_t member)
{
	double values[RUNS_MAX];

	if (!to->runs)
		return 0;
	for (unsigned i = 0; i < series->runs; i++)
		values[i] = *(const double *)((const char *)&series->io[i] + member) /
			    *(const double *)((const char *)&to->io[i] + member);
	return median(values, series->runs);
}

static struct summary summarize(const struct series *series, const struct series *reference)
{
	struct summary s = {
		.median = {median_of(series, offsetof(struct bench_io, iops)),
			   median_of(series, offsetof(struct bench_io, cpu_ns)),
			   median_of(series, offsetof(struct bench_io, calls)),
			   median_of(series, offsetof(struct bench_io, p50_us)),
			   median_of(series, offsetof(struct bench_io, p99_us))},
		.lowest = series->io[0].iops,
		.highest = series->io[0].iops,
		.iops_ratio = median_ratio(series, reference, offsetof(struct bench_io, iops)),
		.cpu_ratio = median_ratio(series, reference, offsetof(struct bench_io, cpu_ns)),
	};

	for (unsigned i = 1; i < series->runs; i++) {
		if (series->io[i].iops < s.lowest)
			s.lowest = series->io[i].iops;
		if (series->io[i].iops > s.highest)
			s.highest = series->io[i].iops;
	}
	return s;
}

/* ---- Output ------------------------------------------------------------- */

static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++)
		printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	putchar('"');
}

static void print_head(const struct options *options)
{
	const struct bench_disk *disk = &options->disk;

	if (options->json) {
		printf("{\"file\": ");
		print_quoted(disk->file);
		printf(", \"size\": %llu, \"cpu\": %d, \"runs\": %u, \"seconds\": %g, "
		       "\"fio\": %s, \"results\": [",
		       (unsigned long long)disk->size, disk->cpu, options->runs, disk->seconds,
		       options->fio ? "true" : "false");
		return;
	}
	if (!options->fio)
		puts("fio is not installed (package fio): there is nothing to compare with");
	printf("%s, %llu MiB, direct I/O, on cpu %d, medians of %u alternating runs of %g s\n",
	       disk->file, (unsigned long long)(disk->size / MIB), disk->cpu, options->runs,
	       disk->seconds);
	for (size_t i = 0; i < CONTENDERS; i++)
		if (options->fio || !contenders[i].fio)
			printf("  %-13s %s\n", contenders[i].name, contenders[i].what);
	printf("%-30s %9s %19s %8s %7s %9s %9s %7s %7s\n", "", "IOPS", "lowest-highest",
	       "CPU ns/IO", "calls/IO", "p50 us", "p99 us", "IOPS/fio", "CPU/fio");
}

static void print_row(const struct bench_job *job, const struct contender *who,
		      const struct summary *s)
{
	printf("%-16s %-13s %9.0f %9.0f-%-9.0f %8.0f ", job->name, who->name, s->median.iops,
	       s->lowest, s->highest, s->median.cpu_ns);
	if (s->median.calls < 0)
		printf("%8s ", "");
	else
		printf("%8.3f ", s->median.calls);
	printf("%9.1f %9.1f", s->median.p50_us, s->median.p99_us);
	if (s->iops_ratio > 0)
		printf(" %8.3f %7.3f", s->iops_ratio, s->cpu_ratio);
	putchar('\n');
}

static void print_json(const struct bench_job *job, const struct contender *who,
		       const struct summary *s, bool first)
{
	printf("%s\n  {\"job\": \"%s\", \"by\": \"%s\", \"iops\": %.1f, \"lowest_iops\": %.1f, "
	       "\"highest_iops\": %.1f, \"cpu_ns\": %.1f, \"p50_us\": %.2f, \"p99_us\": %.2f",
	       first ? "" : ",", job->name, who->name, s->median.iops, s->lowest, s->highest,
	       s->median.cpu_ns, s->median.p50_us, s->median.p99_us);
	if (s->median.calls >= 0)
		printf(", \"calls\": %.4f", s->median.calls);
	if (s->iops_ratio > 0)
		printf(", \"iops_ratio\": %.4f, \"cpu_ratio\": %.4f", s->iops_ratio, s->cpu_ratio);
	putchar('}');
}

static void print_job(const struct options *options, const struct bench_job *job,
		      const struct series *series, bool first)
{
	for (size_t i = 0; i < CONTENDERS; i++) {
		struct summary s;

		if (!series[i].runs)
			continue;
		s = summarize(&series[i], &series[REFERENCE]);
		if (options->json)
			print_json(job, &contenders[i], &s, first);
		else
			print_row(job, &contenders[i], &s);
		first = false;
	}
	fflush(stdout);
}

/* ---- Running ------------------------------------------------------------ */

static int run_once(const struct options *options, const struct bench_job *job,
		    const struct contender *who, struct series *series)
{
	struct bench_io *io = &series->io[series->runs];
	int err;

	if (who->fio && !options->fio)
		return 0;
	err = who->fio ? bench_fio_run(&options->disk, job, who->extra, io)
		       : bench_blk_run(&options->disk, job, who->extra, io);
	if (!err)
		series->runs++;
	return err;
}

/* Every round starts with another contender. */
static int run_job(const struct options *options, const struct bench_job *job,
		   struct series *series)
{
	int err = 0;

	for (unsigned round = 0; round < options->runs; round++) {
		for (size_t i = 0; i < CONTENDERS && !err; i++) {
			size_t who = (round + i) % CONTENDERS;

			err = run_once(options, job, &contenders[who], &series[who]);
		}
	}
	return err;
}

static int run_jobs(const struct options *options)
{
	struct series *series = calloc(CONTENDERS, sizeof(*series));
	bool first = true;
	int err = series ? 0 : -ENOMEM;

	print_head(options);
	for (size_t i = 0; i < JOBS && !err; i++) {
		if (options->only && strcmp(options->only, jobs[i].name))
			continue;
		memset(series, 0, CONTENDERS * sizeof(*series));
		err = run_job(options, &jobs[i], series);
		if (!err)
			print_job(options, &jobs[i], series, first);
		first = false;
	}
	if (options->json)
		printf("\n]}\n");
	free(series);
	return err;
}

/* ---- The file ----------------------------------------------------------- */

/* Writes all of it, so that no block has to be allocated later. */
static int fill(int fd, uint64_t size)
{
	char *block = malloc(MIB);
	uint64_t done = 0;

	if (!block)
		return -ENOMEM;
	memset(block, 0x5a, MIB);
	while (done < size) {
		ssize_t n = pwrite(fd, block, MIB, (off_t)done);

		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	free(block);
	return done >= size && fsync(fd) == 0 ? 0 : -errno;
}

/* Makes the file, unless it is there and large enough. *made: it was made. */
static int make_file(const struct bench_disk *disk, bool *made)
{
	struct stat st;
	int fd, err;

	*made = stat(disk->file, &st) < 0;
	if (!*made) {
		if (S_ISBLK(st.st_mode) || (uint64_t)st.st_size >= disk->size)
			return 0;
		fprintf(stderr,
			"blk_iops: %s has fewer than %llu bytes: give another --file, or "
			"a smaller --size\n",
			disk->file, (unsigned long long)disk->size);
		return -EINVAL;
	}
	fd = open(disk->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = fd < 0 ? -errno : fill(fd, disk->size);
	if (err)
		fprintf(stderr, "blk_iops: %s: %s\n", disk->file, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}

/* ---- Main --------------------------------------------------------------- */

static void usage(FILE *to)
{
	fprintf(to,
		"usage: blk_iops [option...]\n"
		"Compares the block layer with fio's io_uring engine on one file. WRITES to it.\n"
		"  --file PATH   the file or block device (default blk_iops.img, made and removed)\n"
		"  --size MIB    how much of it to use (default 256)\n"
		"  --seconds S   length of a run (default 1)\n"
		"  --runs N      runs of each, the medians are shown (default 5)\n"
		"  --cpu N       processor to run on (default 0)\n"
		"  --only JOB    one job:");
	for (size_t i = 0; i < JOBS; i++)
		fprintf(to, "%s%s", i % 4 ? " " : "\n                  ", jobs[i].name);
	fprintf(to, "\n"
		    "  --json        JSON instead of a table\n"
		    "  --help        this text\n");
}

static bool parse_number(const char *text, double least, double most, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && *end == '\0' && *value >= least && *value <= most;
}

static bool parse_whole(const char *text, double least, double most, double *value)
{
	return parse_number(text, least, most, value) && *value == (double)(uint64_t)*value;
}

static bool known_job(const char *name)
{
	for (size_t i = 0; i < JOBS; i++)
		if (!strcmp(jobs[i].name, name))
			return true;
	return false;
}

static bool set(struct options *options, int c, const char *value)
{
	double number;
	bool good = true;

	switch (c) {
	case 'f':
		options->disk.file = value;
		break;
	case 's':
		good = parse_whole(value, 1, 1 << 20, &number);
		options->disk.size = (uint64_t)number * MIB;
		break;
	case 't':
		good = parse_number(value, 0.01, 3600, &options->disk.seconds);
		break;
	case 'r':
		good = parse_whole(value, 1, RUNS_MAX, &number);
		options->runs = (unsigned)number;
		break;
	case 'c':
		good = parse_whole(value, 0, CPU_SETSIZE - 1, &number);
		options->disk.cpu = (int)number;
		break;
	case 'o':
		options->only = value;
		good = known_job(value);
		break;
	case 'j':
		options->json = true;
		break;
	default:
		good = false;
	}
	return good;
}

/* 0: go on; otherwise the program ends with this minus 1. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"file", required_argument, NULL, 'f'},
					      {"size", required_argument, NULL, 's'},
					      {"seconds", required_argument, NULL, 't'},
					      {"runs", required_argument, NULL, 'r'},
					      {"cpu", required_argument, NULL, 'c'},
					      {"only", required_argument, NULL, 'o'},
					      {"json", no_argument, NULL, 'j'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	bool good = true;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 1;
		}
		good &= set(options, c, optarg);
	}
	if (good && optind == argc)
		return 0;
	usage(stderr);
	return 2 + 1;
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	fprintf(stderr, "blk_iops: cpu %d: %s; see --cpu\n", cpu, strerror(errno));
	return -errno;
}

int main(int argc, char **argv)
{
	struct options options = {
		.disk = {.file = "blk_iops.img", .size = 256 * MIB, .seconds = 1},
		.runs = 5,
	};
	int err = parse(argc, argv, &options);
	bool made = false;

	if (err)
		return err - 1;
	options.fio = bench_fio_present();
	err = pin(options.disk.cpu);
	if (!err)
		err = make_file(&options.disk, &made);
	if (!err)
		err = run_jobs(&options);
	if (made)
		unlink(options.disk.file);
	return err ? 1 : 0;
}

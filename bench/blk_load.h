/* SPDX-License-Identifier: MIT */
/*
 * What blk_iops measures: one job, done by our block layer or by fio, each on
 * one processor and on the same file, with direct I/O.
 */
#ifndef MPR_BENCH_BLK_LOAD_H
#define MPR_BENCH_BLK_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct bench_job {
	const char *name; /* in the output */
	bool write, random;
	unsigned block; /* bytes of one I/O */
	unsigned depth; /* I/Os in flight */
};

struct bench_disk {
	const char *file;
	uint64_t size;	/* bytes of it to use */
	double seconds; /* for one run of one job */
	int cpu;	/* where to run */
};

/* One run. */
struct bench_io {
	double iops;
	double cpu_ns;	       /* processor time an I/O, user's and kernel's */
	double calls;	       /* io_uring_enter an I/O; below 0: not known */
	double p50_us, p99_us; /* from submission to completion */
};

/* Runs the job on our block layer, with the buffers registered or not. 0, or
 * negative errno after a message. */
int bench_blk_run(const struct bench_disk *disk, const struct bench_job *job, bool registered,
		  struct bench_io *io);

/* Whether there is a fio to be run. */
bool bench_fio_present(void);
/* Runs the job on fio, with its defaults, or `tuned`: registered files and buffers, I/Os
 * submitted in batches. 0, or negative errno after a message. */
int bench_fio_run(const struct bench_disk *disk, const struct bench_job *job, bool tuned,
		  struct bench_io *io);

#endif

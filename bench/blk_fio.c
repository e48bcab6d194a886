/* SPDX-License-Identifier: MIT */
/* The job of blk_iops on fio, a child process. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/blk_load.h"

#define OUTPUT_MAX (1024 * 1024)
#define ARGS_MAX 32

struct command {
	char text[ARGS_MAX][512];
	char *argv[ARGS_MAX + 1];
	int argc;
};

__attribute__((format(printf, 2, 3))) static void add(struct command *command, const char *fmt, ...)
{
	char *text = command->text[command->argc];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(command->text[0]), fmt, ap);
	va_end(ap);
	command->argv[command->argc++] = text;
	command->argv[command->argc] = NULL;
}

static const char *pattern(const struct bench_job *job)
{
	if (job->random)
		return job->write ? "randwrite" : "randread";
	return job->write ? "write" : "read";
}

static void describe(struct command *command, const struct bench_disk *disk,
		     const struct bench_job *job, bool tuned)
{
	command->argc = 0;
	add(command, "fio");
	add(command, "--output-format=json+");
	add(command, "--name=job");
	add(command, "--ioengine=io_uring");
	add(command, "--filename=%s", disk->file);
	add(command, "--size=%llu", (unsigned long long)disk->size);
	add(command, "--rw=%s", pattern(job));
	add(command, "--norandommap");
	add(command, "--bs=%u", job->block);
	add(command, "--iodepth=%u", job->depth);
	add(command, "--direct=1");
	add(command, "--time_based");
	add(command, "--runtime=%.0fms", disk->seconds * 1000);
	add(command, "--cpus_allowed=%d", disk->cpu);
	add(command, "--clat_percentiles=0");
	add(command, "--lat_percentiles=1");
	if (!tuned)
		return;
	add(command, "--registerfiles");
	add(command, "--fixedbufs");
	add(command, "--iodepth_batch_submit=%u", job->depth);
	add(command, "--iodepth_batch_complete_max=%u", job->depth);
}

static void exec_fio(struct command *command, const int fds[2])
{
	dup2(fds[1], STDOUT_FILENO);
	close(fds[0]);
	close(fds[1]);
	execvp("fio", command->argv);
	_exit(127);
}

/* Reads to the end and closes; what does not fit is dropped. */
static void read_all(int fd, char *text)
{
	char rest[4096];
	size_t len = 0;
	ssize_t n;

	do {
		n = len < OUTPUT_MAX - 1 ? read(fd, text + len, OUTPUT_MAX - 1 - len)
					 : read(fd, rest, sizeof(rest));
		if (n > 0 && len < OUTPUT_MAX - 1)
			len += (size_t)n;
	} while (n > 0);
	text[len] = '\0';
	close(fd);
}

/* What the command prints; 0 or negative errno. */
static int capture(struct command *command, char *text)
{
	int fds[2], status;
	pid_t child;

	if (pipe(fds) < 0)
		return -errno;
	fflush(stdout);
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		exec_fio(command, fds);
	close(fds[1]);
	read_all(fds[0], text);
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* Moves *text behind the next `"key" :` and reads the number that follows, if
 * it is one. */
static int find(const char **text, const char *key, double *value)
{
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\" : ", key);
	at = *text ? strstr(*text, quoted) : NULL;
	*text = at ? at + strlen(quoted) : NULL;
	if (!at)
		return -EPROTO;
	if (value)
		*value = strtod(*text, NULL);
	return 0;
}

static int parse(const char *text, bool write, struct bench_io *io)
{
	double count, runtime_ms, user, system;
	const char *tail;
	int err = find(&text, write ? "write" : "read", NULL);

	err = err ? err : find(&text, "iops", &io->iops);
	err = err ? err : find(&text, "runtime", &runtime_ms);
	err = err ? err : find(&text, "total_ios", &count);
	err = err ? err : find(&text, "lat_ns", NULL);
	tail = text;
	err = err ? err : find(&text, "50.000000", &io->p50_us);
	err = err ? err : find(&tail, "99.000000", &io->p99_us);
	err = err ? err : find(&tail, "usr_cpu", &user);
	err = err ? err : find(&tail, "sys_cpu", &system);
	if (err || count <= 0)
		return -EPROTO;
	io->p50_us /= 1e3;
	io->p99_us /= 1e3;
	io->cpu_ns = (user + system) / 100 * runtime_ms * 1e6 / count;
	io->calls = -1;
	return 0;
}

bool bench_fio_present(void)
{
	return system("fio --version >/dev/null 2>&1") == 0;
}

int bench_fio_run(const struct bench_disk *disk, const struct bench_job *job, bool tuned,
		  struct bench_io *io)
{
	struct command command;
	char *text = malloc(OUTPUT_MAX);
	int err = text ? 0 : -ENOMEM;

	if (!err) {
		describe(&command, disk, job, tuned);
		err = capture(&command, text);
	}
	if (!err)
		err = parse(text, job->write, io);
	if (err)
		fprintf(stderr, "blk_iops: fio, %s: %s\n", job->name,
			err == -EPROTO ? "cannot make out its output" : "failed");
	free(text);
	return err;
}

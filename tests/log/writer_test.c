/* SPDX-License-Identifier: MIT */
/* Proves that putting a line never blocks, and that each line is written whole, or counted as
 * dropped in its place. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "log/writer.h"
#include "tests/common/unit.h"

/* More than the queue and any pipe or terminal hold. */
#define MANY 20000
#define TEXT "a line like those that a program writes when something is wrong"
#define THREADS 4

#define DROPPED "test: lines that could not be written and were dropped here: %u\n"

static void put(int fd, unsigned number)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%s %u\n", TEXT, number);

	mpr_log_writer_put(fd, line, (size_t)len);
}

/* Reads lines that must be those numbered from *next on, until one tells of dropped
 * ones, which count; or until `end` is next. */
static void read_lines(FILE *file, unsigned *next, unsigned end)
{
	char line[128], expected[128];
	unsigned dropped = 0;

	while (*next < end && !dropped) {
		assert_non_null(fgets(line, sizeof(line), file));
		snprintf(expected, sizeof(expected), "%s %u\n", TEXT, *next);
		if (!strcmp(line, expected))
			++*next;
		else
			assert_int_equal(sscanf(line, DROPPED, &dropped), 1);
	}
	*next += dropped;
}

static void make_pipe(int *fds, FILE **reader)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*reader = fdopen(fds[0], "r");
	assert_non_null(*reader);
}

/* The test hangs where putting a line does. */
UNIT_TEST(a_full_pipe_is_not_waited_for)
{
	unsigned next = 0;
	FILE *reader;
	int fds[2];

	make_pipe(fds, &reader);
	for (unsigned i = 0; i < MANY; i++)
		put(fds[1], i);
	assert_false(mpr_log_writer_drain());
	read_lines(reader, &next, MANY);
	assert_int_equal(next, MANY);
	/* It was told of all that were dropped: the next line is written again. */
	assert_true(mpr_log_writer_drain());
	put(fds[1], next);
	read_lines(reader, &next, MANY + 1);
	assert_int_equal(next, MANY + 1);
	assert_true(mpr_log_writer_drain());
	fclose(reader);
	close(fds[1]);
}

/* Raw, so that what is read is what was written. */
static void make_terminal(int *fds, FILE **reader)
{
	struct termios mode;

	assert_int_equal(openpty(&fds[0], &fds[1], NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(fds[1], &mode), 0);
	cfmakeraw(&mode);
	mode.c_iflag |= IXON;
	assert_int_equal(tcsetattr(fds[1], TCSANOW, &mode), 0);
	*reader = fdopen(fds[0], "r");
	assert_non_null(*reader);
}

UNIT_TEST(a_stopped_terminal_is_not_waited_for)
{
	unsigned next = 0;
	FILE *reader;
	int fds[2];

	make_terminal(fds, &reader);
	assert_int_equal(write(fds[0], "\x13", 1), 1); /* Ctrl-S */
	while (poll(&(struct pollfd){.fd = fds[1], .events = POLLOUT}, 1, 0) > 0)
		usleep(1000);
	put(fds[1], 0);
	assert_false(mpr_log_writer_drain());
	for (unsigned i = 1; i < MANY; i++)
		put(fds[1], i);
	assert_int_equal(write(fds[0], "\x11", 1), 1); /* Ctrl-Q */
	read_lines(reader, &next, MANY);
	assert_int_equal(next, MANY);
	assert_true(mpr_log_writer_drain());
	fclose(reader);
	close(fds[1]);
}

UNIT_TEST(a_descriptor_that_does_not_block_is_waited_for)
{
	unsigned next = 0, end = 0;
	FILE *reader;
	int fds[2];

	make_pipe(fds, &reader);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	while (mpr_log_writer_drain())
		put(fds[1], end++);
	read_lines(reader, &next, end);
	assert_int_equal(next, end);
	assert_true(mpr_log_writer_drain());
	fclose(reader);
	close(fds[1]);
}

/* As on a full disk, where there is room later. */
UNIT_TEST(lines_that_fail_are_counted)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	unsigned next = 0;
	FILE *reader;
	int fds[2];
	int target;

	assert_true(full >= 0);
	target = dup(full);
	for (unsigned i = 0; i < 10; i++) {
		put(target, i);
		assert_true(mpr_log_writer_drain()); /* nothing waits */
	}
	make_pipe(fds, &reader);
	assert_int_equal(dup2(fds[1], target), target);
	put(target, 10);
	read_lines(reader, &next, 11);
	assert_int_equal(next, 10);
	read_lines(reader, &next, 11);
	assert_true(mpr_log_writer_drain());
	fclose(reader);
	close(fds[1]);
	close(target);
	close(full);
}

static void *put_many(void *opaque)
{
	const int *fd = opaque;

	for (unsigned i = 0; i < MANY / THREADS; i++)
		put(*fd, i);
	return NULL;
}

UNIT_TEST(lines_of_several_threads_stay_whole)
{
	unsigned lines = 0, number;
	pthread_t threads[THREADS];
	char line[128];
	FILE *reader;
	int fds[2];

	make_pipe(fds, &reader);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_many, &fds[1]), 0);
	while (lines < MANY) {
		assert_non_null(fgets(line, sizeof(line), reader));
		if (sscanf(line, DROPPED, &number) == 1)
			lines += number;
		else
			lines += sscanf(line, TEXT " %u\n", &number) == 1;
	}
	assert_int_equal(lines, MANY);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(mpr_log_writer_drain());
	fclose(reader);
	close(fds[1]);
}

static int start(void **state)
{
	(void)state;
	return mpr_log_writer_start("test");
}

int main(void)
{
	return unit_run(start, NULL);
}

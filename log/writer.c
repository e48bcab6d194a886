/* SPDX-License-Identifier: MIT */
#include "log/writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct line {
	struct line *next;
	int fd;
	size_t len;
	char text[];
};

/* One per process, like standard error. */
static struct {
	pthread_mutex_t lock; /* of all that follows; never held while writing */
	pthread_cond_t work, drained;
	bool started;
	const char *program;
	struct line *first, **last; /* the first may be under way */
	size_t bytes;
	/* Lines dropped and not yet reported. The report is written after the queue, and
	 * until then every further line is dropped, too: else the order would not hold. */
	unsigned long dropped;
	int dropped_fd;
	/* The last write failed. The queue was dropped, and that is not reported before
	 * the next line: the write would fail again. */
	bool failed;
} writer = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.last = &writer.first,
};

/* A descriptor that somebody else made non-blocking is waited for. */
static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EAGAIN)
			(void)poll(&room, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* ---- The queue; called locked ------------------------------------------- */

static void drop(int fd)
{
	writer.dropped++;
	writer.dropped_fd = fd;
}

static void append(struct line *line)
{
	line->next = NULL;
	*writer.last = line;
	writer.last = &line->next;
	writer.bytes += line->len;
}

static void remove_first(void)
{
	struct line *line = writer.first;

	writer.first = line->next;
	if (!writer.first)
		writer.last = &writer.first;
	writer.bytes -= line->len;
	free(line);
}

static void fail(void)
{
	while (writer.first) {
		drop(writer.first->fd);
		remove_first();
	}
	writer.failed = true;
}

/* ---- The thread; called locked, writes unlocked -------------------------- */

static bool write_unlocked(int fd, const char *text, size_t len)
{
	bool written;

	pthread_mutex_unlock(&writer.lock);
	written = write_all(fd, text, len);
	pthread_mutex_lock(&writer.lock);
	return written;
}

static void write_first(void)
{
	const struct line *line = writer.first;

	if (write_unlocked(line->fd, line->text, line->len))
		remove_first();
	else
		fail();
}

static void tell_dropped(void)
{
	unsigned long dropped = writer.dropped;
	char text[128];
	int len = snprintf(text, sizeof(text),
			   "%s: lines that could not be written and were dropped here: %lu\n",
			   writer.program, dropped);

	if (!write_unlocked(writer.dropped_fd, text, (size_t)len)) {
		fail();
		return;
	}
	writer.dropped -= dropped;
	writer.failed = false;
}

static void *write_lines(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&writer.lock);
	while (true) {
		if (writer.first && !writer.failed) {
			write_first();
		} else if (writer.dropped && (writer.first || !writer.failed)) {
			tell_dropped();
		} else {
			pthread_cond_broadcast(&writer.drained);
			pthread_cond_wait(&writer.work, &writer.lock);
		}
	}
	return NULL;
}

static int start_thread(void)
{
	pthread_t thread;
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, write_lines, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_detach(thread);
	return -err;
}

int mpr_log_writer_start(const char *program)
{
	pthread_condattr_t monotonic;
	int ret;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&writer.work, NULL);
	pthread_cond_init(&writer.drained, &monotonic);
	pthread_condattr_destroy(&monotonic);
	writer.program = program;
	ret = start_thread();
	writer.started = ret == 0;
	return ret;
}

/* ---- Its users ---------------------------------------------------------- */

static struct line *new_line(int fd, const char *text, size_t len)
{
	struct line *line = malloc(sizeof(*line) + len);

	if (line) {
		line->fd = fd;
		line->len = len;
		memcpy(line->text, text, len);
	}
	return line;
}

/* Room for one line of any length there always is. */
static bool has_room(size_t len)
{
	return !writer.first ||
	       (len <= MPR_LOG_WRITER_BYTES && writer.bytes <= MPR_LOG_WRITER_BYTES - len);
}

void mpr_log_writer_put(int fd, const char *text, size_t len)
{
	struct line *line;

	if (!writer.started) {
		(void)write_all(fd, text, len);
		return;
	}
	pthread_mutex_lock(&writer.lock);
	line = (writer.dropped && !writer.failed) || !has_room(len) ? NULL
								    : new_line(fd, text, len);
	if (line)
		append(line);
	else
		drop(fd);
	pthread_cond_signal(&writer.work);
	pthread_mutex_unlock(&writer.lock);
}

static bool is_drained(void)
{
	return !writer.first && (!writer.dropped || writer.failed);
}

bool mpr_log_writer_drain(void)
{
	struct timespec end;
	bool drained;
	int err = 0;

	if (!writer.started)
		return true;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += MPR_LOG_WRITER_END_MS / 1000;
	pthread_mutex_lock(&writer.lock);
	while (!is_drained() && !err)
		err = pthread_cond_timedwait(&writer.drained, &writer.lock, &end);
	drained = is_drained();
	pthread_mutex_unlock(&writer.lock);
	return drained;
}

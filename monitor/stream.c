/* SPDX-License-Identifier: MIT */
#include "monitor/stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring/discard.h"
#include "ring/fds.h"

struct fds {
	int fd[MPR_STREAM_FDS];
	unsigned count;
	bool own; /* not a peer's, so that closing them waits for nobody */
};

struct mpr_stream {
	int in, out;
	bool in_socket, out_socket;
	struct mpr_loop loop;
	void (*changed)(void *opaque);
	void *opaque;
	void *input, *output; /* watches; output: only while bytes wait */

	char data[4096]; /* from `at` to `end`: not consumed yet */
	size_t at, end;
	bool readable, ended;
	struct fds received;
	bool stale; /* the next ones take their place */

	char *queue; /* `length` bytes from `first` wait */
	size_t first, length, room;
	struct fds passed; /* to go with the queue's first byte */
	bool broken;
	struct mpr_stream_limits limits;
};

static void close_fds(struct fds *fds)
{
	for (unsigned i = 0; i < fds->count; i++) {
		if (fds->own)
			close(fds->fd[i]);
		else
			mpr_discard(fds->fd[i]);
	}
	fds->count = 0;
}

/* O_NONBLOCK belongs to the file description, which other processes may share; so what is no
 * socket is polled before each read and write instead. */
static bool is_ready(int fd, short events)
{
	struct pollfd pollfd = {.fd = fd, .events = events};

	return poll(&pollfd, 1, 0) > 0;
}

/* ---- Input -------------------------------------------------------------- */

static void on_readable(void *opaque)
{
	struct mpr_stream *stream = opaque;

	stream->readable = true;
	if (stream->changed)
		stream->changed(stream->opaque);
}

/* Too many at once are closed. */
static void keep_fd(void *opaque, int fd)
{
	struct mpr_stream *stream = opaque;
	struct fds *fds = &stream->received;

	if (stream->stale)
		close_fds(fds);
	stream->stale = false;
	if (fd >= 0 && fds->count < stream->limits.fds)
		fds->fd[fds->count++] = fd;
	else
		mpr_discard(fd);
}

/* Bytes read; 0: the end; or negative errno. */
static ssize_t receive(struct mpr_stream *stream)
{
	ssize_t n;

	stream->stale = true;
	if (stream->in_socket)
		return mpr_fds_receive(stream->in, stream->data, sizeof(stream->data), keep_fd,
				       stream);
	if (!is_ready(stream->in, POLLIN))
		return -EAGAIN;
	n = read(stream->in, stream->data, sizeof(stream->data));
	return n < 0 ? -errno : n;
}

static void stop_input(struct mpr_stream *stream)
{
	stream->loop.stop(stream->input);
	stream->input = NULL;
}

static void wait_for_input(struct mpr_stream *stream)
{
	stream->readable = false;
	if (!stream->input)
		stream->input = stream->loop.watch(stream->loop.loop, stream->in, false,
						   on_readable, stream);
	else if (stream->loop.again)
		stream->loop.again(stream->input);
	stream->ended = !stream->input;
}

static ssize_t fill(struct mpr_stream *stream)
{
	ssize_t n = receive(stream);

	if (n == -EAGAIN || n == -EINTR) {
		wait_for_input(stream);
		return 0;
	}
	if (n > 0) {
		stream->at = 0;
		stream->end = (size_t)n;
		return n;
	}
	/* A descriptor at its end stays readable. */
	stream->ended = true;
	stop_input(stream);
	return -EPIPE;
}

ssize_t mpr_stream_peek(struct mpr_stream *stream, const char **data)
{
	ssize_t n = (ssize_t)(stream->end - stream->at);

	if (!n && stream->ended)
		n = -EPIPE;
	else if (!n && stream->readable)
		n = fill(stream);
	*data = stream->data + stream->at;
	return n;
}

void mpr_stream_consume(struct mpr_stream *stream, size_t len)
{
	stream->at += len;
}

void mpr_stream_look_again(struct mpr_stream *stream)
{
	stream->readable = true;
}

int mpr_stream_take_fd(struct mpr_stream *stream)
{
	struct fds *fds = &stream->received;
	int fd = fds->count ? fds->fd[0] : -1;

	fds->fd[0] = -1;
	close_fds(fds);
	return fd;
}

/* ---- Output ------------------------------------------------------------- */

void mpr_stream_break(struct mpr_stream *stream)
{
	stream->broken = true;
	stream->length = 0;
	close_fds(&stream->passed);
}

/* Bytes written, or negative errno. */
static ssize_t write_some(struct mpr_stream *stream)
{
	struct iovec part = {stream->queue + stream->first, stream->length};
	ssize_t n;

	if (stream->out_socket) {
		n = mpr_fds_send(stream->out, &part, 1, stream->passed.fd, stream->passed.count);
		if (n > 0)
			close_fds(&stream->passed);
		return n;
	}
	if (!is_ready(stream->out, POLLOUT))
		return -EAGAIN;
	/* A pipe that is writable takes PIPE_BUF bytes without waiting. */
	n = write(stream->out, part.iov_base, part.iov_len < PIPE_BUF ? part.iov_len : PIPE_BUF);
	return n < 0 ? -errno : n;
}

/* Writes until nothing waits or it cannot be written now. */
static void flush(struct mpr_stream *stream)
{
	while (stream->length) {
		ssize_t n = write_some(stream);

		if (n == -EAGAIN)
			return;
		if (n < 0 && n != -EINTR)
			mpr_stream_break(stream);
		if (n > 0) {
			stream->first += (size_t)n;
			stream->length -= (size_t)n;
		}
	}
	stream->first = 0;
}

static void on_writable(void *opaque);

static void stop_output(struct mpr_stream *stream)
{
	stream->loop.stop(stream->output);
	stream->output = NULL;
}

static void wait_for_output(struct mpr_stream *stream)
{
	if (!stream->output)
		stream->output = stream->loop.watch(stream->loop.loop, stream->out, true,
						    on_writable, stream);
	else if (stream->loop.again)
		stream->loop.again(stream->output);
	if (!stream->output)
		mpr_stream_break(stream);
}

static void on_writable(void *opaque)
{
	struct mpr_stream *stream = opaque;

	flush(stream);
	if (stream->length) {
		wait_for_output(stream);
		return;
	}
	stop_output(stream);
	if (stream->changed)
		stream->changed(stream->opaque);
}

/* Makes room for `len` bytes behind those that wait. */
static bool reserve(struct mpr_stream *stream, size_t len)
{
	size_t room = stream->room ? stream->room : 4096;
	char *queue;

	if (len > stream->limits.backlog - stream->length)
		return false;
	if (stream->first + stream->length + len <= stream->room)
		return true;
	if (stream->first)
		memmove(stream->queue, stream->queue + stream->first, stream->length);
	stream->first = 0;
	while (room < stream->length + len)
		room *= 2;
	if (room == stream->room)
		return true;
	queue = realloc(stream->queue, room);
	if (!queue)
		return false;
	stream->queue = queue;
	stream->room = room;
	return true;
}

void mpr_stream_write(struct mpr_stream *stream, const char *data, size_t len)
{
	if (stream->broken)
		return;
	if (!reserve(stream, len)) {
		mpr_stream_break(stream);
		return;
	}
	memcpy(stream->queue + stream->first + stream->length, data, len);
	stream->length += len;
	if (stream->output)
		return;
	flush(stream);
	if (stream->length)
		wait_for_output(stream);
}

void mpr_stream_puts(struct mpr_stream *stream, const char *text)
{
	mpr_stream_write(stream, text, strlen(text));
}

void mpr_stream_pass_fd(struct mpr_stream *to, int fd)
{
	close_fds(&to->passed);
	to->passed = (struct fds){.fd = {fd}, .count = 1, .own = true};
}

void mpr_stream_pass_fds(struct mpr_stream *from, struct mpr_stream *to)
{
	close_fds(&to->passed);
	if (to->out_socket && !to->broken) {
		to->passed = from->received;
		from->received.count = 0;
	} else {
		close_fds(&from->received);
	}
}

size_t mpr_stream_backlog(const struct mpr_stream *stream)
{
	return stream->length;
}

bool mpr_stream_broken(const struct mpr_stream *stream)
{
	return stream->broken;
}

/* ---- Life --------------------------------------------------------------- */

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

struct mpr_stream *mpr_stream_create(int in, int out, struct mpr_stream_limits limits,
				     const struct mpr_loop *loop, void (*changed)(void *opaque),
				     void *opaque)
{
	struct mpr_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->in = in;
	stream->out = out;
	stream->in_socket = is_socket(in);
	stream->out_socket = is_socket(out);
	if (stream->in_socket)
		mpr_discard_prepare(in);
	stream->limits = limits;
	stream->loop = *loop;
	stream->changed = changed;
	stream->opaque = opaque;
	stream->readable = true;
	return stream;
}

/* Standard input and output, or copies of them, are others', too: a socket there is not hung
 * up. */
static void close_pair(int in, int out)
{
	if (in > STDERR_FILENO)
		close(in);
	if (out > STDERR_FILENO)
		close(out);
}

void mpr_stream_destroy(struct mpr_stream *stream)
{
	if (!stream)
		return;
	flush(stream);
	stop_input(stream);
	stop_output(stream);
	close_fds(&stream->received);
	close_fds(&stream->passed);
	if (stream->in != stream->out)
		close_pair(stream->in, stream->out);
	else if (stream->in_socket)
		mpr_discard_socket(stream->in);
	else
		close(stream->in);
	free(stream->queue);
	free(stream);
}

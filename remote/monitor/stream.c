/* SPDX-License-Identifier: MIT */
#include "remote/monitor/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring/discard.h"
#include "ring/fds.h"

struct mpr_stream {
	int in, out;
	struct mpr_watcher *watcher;
	struct mpr_watch *input, *output; /* output: only while bytes wait */
	bool is_socket;
	int passed; /* a descriptor that came along and was not taken, or -1 */
	bool readable, ended, broken;
	char *queue;
	size_t length, room;
};

static void on_readable(void *opaque)
{
	struct mpr_stream *stream = opaque;

	stream->readable = true;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

int mpr_stream_create(int in, int out, struct mpr_watcher *watcher, struct mpr_stream **result)
{
	struct mpr_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->in = in;
	stream->out = out;
	stream->watcher = watcher;
	stream->passed = -1;
	stream->is_socket = is_socket(in);
	stream->readable = true;
	stream->input = mpr_watch_start(watcher, in, on_readable, stream);
	if (!stream->input) {
		free(stream);
		return -ENOMEM;
	}
	*result = stream;
	return 0;
}

/* A client may send any number of them. */
static void keep_fd(void *opaque, int fd)
{
	struct mpr_stream *stream = opaque;

	if (fd < 0)
		return;
	mpr_discard(stream->passed);
	stream->passed = fd;
}

static ssize_t receive(struct mpr_stream *stream, char *buf, size_t size)
{
	ssize_t n;

	if (stream->is_socket)
		return mpr_fds_receive(stream->in, buf, size, keep_fd, stream);
	n = read(stream->in, buf, size);
	return n < 0 ? -errno : n;
}

ssize_t mpr_stream_read(struct mpr_stream *stream, char *buf, size_t size)
{
	ssize_t n;

	if (stream->ended)
		return -EPIPE;
	if (!stream->readable)
		return 0;
	n = receive(stream, buf, size);
	if (n > 0)
		return n;
	if (n == -EINTR)
		return 0;
	stream->readable = false;
	if (n == -EAGAIN)
		return 0;
	/* A descriptor at its end stays readable. */
	stream->ended = true;
	mpr_watch_stop(stream->input);
	stream->input = NULL;
	return -EPIPE;
}

static void give_up(struct mpr_stream *stream)
{
	stream->broken = true;
	stream->length = 0;
}

static void flush(void *opaque);

static void watch_output(struct mpr_stream *stream)
{
	if (stream->length && !stream->output) {
		stream->output =
			mpr_watch_start_output(stream->watcher, stream->out, flush, stream);
		if (!stream->output)
			give_up(stream);
	} else if (!stream->length) {
		mpr_watch_stop(stream->output);
		stream->output = NULL;
	}
}

/* A socket's flags belong to all who have it; those of the rest are this process' own. */
static ssize_t send_some(const struct mpr_stream *stream)
{
	if (stream->is_socket && stream->out == stream->in)
		return send(stream->out, stream->queue, stream->length,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(stream->out, stream->queue, stream->length);
}

static void flush(void *opaque)
{
	struct mpr_stream *stream = opaque;

	while (stream->length) {
		ssize_t n = send_some(stream);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			give_up(stream);
		if (n < 0)
			break;
		stream->length -= (size_t)n;
		memmove(stream->queue, stream->queue + n, stream->length);
	}
	watch_output(stream);
}

static bool reserve(struct mpr_stream *stream, size_t len)
{
	size_t room = stream->room ? stream->room : 4096;
	char *queue;

	if (len > MPR_STREAM_BACKLOG - stream->length)
		return false;
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

int mpr_stream_take_fd(struct mpr_stream *stream)
{
	int fd = stream->passed;

	stream->passed = -1;
	return fd;
}

void mpr_stream_write(struct mpr_stream *stream, const char *data, size_t len)
{
	bool waiting = stream->length > 0;

	if (stream->broken)
		return;
	if (!reserve(stream, len)) {
		give_up(stream);
		watch_output(stream);
		return;
	}
	memcpy(stream->queue + stream->length, data, len);
	stream->length += len;
	if (!waiting)
		flush(stream);
}

size_t mpr_stream_backlog(const struct mpr_stream *stream)
{
	return stream->length;
}

bool mpr_stream_broken(const struct mpr_stream *stream)
{
	return stream->broken;
}

void mpr_stream_destroy(struct mpr_stream *stream)
{
	flush(stream);
	mpr_watch_stop(stream->output);
	mpr_watch_stop(stream->input);
	mpr_discard(stream->passed);
	close(stream->in);
	if (stream->out != stream->in)
		close(stream->out);
	free(stream->queue);
	free(stream);
}

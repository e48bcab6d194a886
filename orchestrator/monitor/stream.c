/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/discard.h"
#include "ring/fds.h"

struct fds {
	int fd[MPR_STREAM_FDS];
	int count;
};

struct mpr_stream {
	int in, out;
	bool socket;
	mpr_stream_fn changed;
	void *opaque;
	guint input, output; /* sources, only while they are waited for */
	bool ended, broken;
	GByteArray *queue;
	struct fds received, passed; /* passed: with the queue's first byte */
};

static void close_fds(struct fds *fds)
{
	for (int i = 0; i < fds->count; i++)
		mpr_discard(fds->fd[i]);
	fds->count = 0;
}

static bool is_unix_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

struct mpr_stream *mpr_stream_create(int in, int out, mpr_stream_fn changed, void *opaque)
{
	struct mpr_stream *stream = g_new0(struct mpr_stream, 1);

	stream->in = in;
	stream->out = out;
	stream->socket = in == out && is_unix_socket(in);
	if (stream->socket)
		mpr_discard_prepare(in);
	stream->changed = changed;
	stream->opaque = opaque;
	stream->queue = g_byte_array_new();
	return stream;
}

/* ---- Input -------------------------------------------------------------- */

static gboolean on_input(gint fd, GIOCondition condition, gpointer opaque)
{
	struct mpr_stream *stream = opaque;

	(void)fd;
	(void)condition;
	stream->input = 0;
	stream->changed(stream->opaque);
	return G_SOURCE_REMOVE;
}

/* Others may share the descriptor, so that it cannot be made to never wait. */
static bool is_ready(int fd, short events)
{
	struct pollfd pollfd = {.fd = fd, .events = events};

	return poll(&pollfd, 1, 0) > 0;
}

/* Too many descriptors at once are closed. */
static void keep_fd(void *opaque, int fd)
{
	struct fds *fds = opaque;

	if (fd >= 0 && fds->count < MPR_STREAM_FDS)
		fds->fd[fds->count++] = fd;
	else
		mpr_discard(fd);
}

static ssize_t receive(struct mpr_stream *stream, char *buf, size_t size)
{
	ssize_t n;

	if (stream->socket)
		return mpr_fds_receive(stream->in, buf, size, keep_fd, &stream->received);
	n = read(stream->in, buf, size);
	return n < 0 ? -errno : n;
}

static ssize_t wait_for_input(struct mpr_stream *stream)
{
	if (!stream->input)
		stream->input = g_unix_fd_add(stream->in, G_IO_IN, on_input, stream);
	return 0;
}

ssize_t mpr_stream_read(struct mpr_stream *stream, char *buf, size_t size)
{
	ssize_t n;

	if (stream->ended)
		return -EPIPE;
	if (!is_ready(stream->in, POLLIN))
		return wait_for_input(stream);
	n = receive(stream, buf, size);
	if (n > 0)
		return n;
	if (n == -EAGAIN || n == -EINTR)
		return wait_for_input(stream);
	stream->ended = true;
	return -EPIPE;
}

/* ---- Output ------------------------------------------------------------- */

static void give_up(struct mpr_stream *stream)
{
	stream->broken = true;
	g_byte_array_set_size(stream->queue, 0);
	close_fds(&stream->passed);
}

static ssize_t send_some(struct mpr_stream *stream)
{
	struct iovec part = {stream->queue->data, stream->queue->len};
	ssize_t n = mpr_fds_send(stream->out, &part, 1, stream->passed.fd,
				 (unsigned)stream->passed.count);

	if (n > 0)
		close_fds(&stream->passed);
	return n;
}

/* A pipe that is writable takes PIPE_BUF bytes without waiting. */
static ssize_t write_some(struct mpr_stream *stream)
{
	size_t len = stream->queue->len < PIPE_BUF ? stream->queue->len : PIPE_BUF;
	ssize_t n;

	if (stream->socket)
		return send_some(stream);
	n = write(stream->out, stream->queue->data, len);
	return n < 0 ? -errno : n;
}

/* Writes until nothing waits or it cannot be written now. */
static void flush(struct mpr_stream *stream)
{
	while (stream->queue->len && is_ready(stream->out, POLLOUT)) {
		ssize_t n = write_some(stream);

		if (n == -EAGAIN)
			return;
		if (n < 0 && n != -EINTR)
			give_up(stream);
		if (n > 0)
			g_byte_array_remove_range(stream->queue, 0, (guint)n);
	}
}

static gboolean on_output(gint fd, GIOCondition condition, gpointer opaque)
{
	struct mpr_stream *stream = opaque;

	(void)fd;
	(void)condition;
	flush(stream);
	if (stream->queue->len)
		return G_SOURCE_CONTINUE;
	stream->output = 0;
	stream->changed(stream->opaque);
	return G_SOURCE_REMOVE;
}

void mpr_stream_write(struct mpr_stream *stream, const char *data, size_t len)
{
	if (stream->broken)
		return;
	g_byte_array_append(stream->queue, (const guint8 *)data, (guint)len);
	if (stream->output)
		return;
	flush(stream);
	if (stream->queue->len)
		stream->output = g_unix_fd_add(stream->out, G_IO_OUT, on_output, stream);
}

void mpr_stream_puts(struct mpr_stream *stream, const char *text)
{
	mpr_stream_write(stream, text, strlen(text));
}

void mpr_stream_pass_fds(struct mpr_stream *from, struct mpr_stream *to)
{
	close_fds(&to->passed);
	if (to->socket && !to->broken) {
		to->passed = from->received;
		from->received.count = 0;
	} else {
		close_fds(&from->received);
	}
}

size_t mpr_stream_backlog(const struct mpr_stream *stream)
{
	return stream->queue->len;
}

bool mpr_stream_broken(const struct mpr_stream *stream)
{
	return stream->broken;
}

/* ---- End ---------------------------------------------------------------- */

static void close_end(const struct mpr_stream *stream, int fd)
{
	if (fd <= STDERR_FILENO)
		return;
	if (stream->socket)
		mpr_discard_socket(fd);
	else
		close(fd);
}

static void remove_source(guint source)
{
	if (source)
		g_source_remove(source);
}

void mpr_stream_destroy(struct mpr_stream *stream)
{
	flush(stream);
	remove_source(stream->input);
	remove_source(stream->output);
	close_fds(&stream->received);
	close_fds(&stream->passed);
	close_end(stream, stream->in);
	if (stream->out != stream->in)
		close_end(stream, stream->out);
	g_byte_array_free(stream->queue, TRUE);
	g_free(stream);
}

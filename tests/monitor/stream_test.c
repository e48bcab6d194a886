/* SPDX-License-Identifier: MIT */
/* Proves that a stream never blocks, queues output up to its limit, carries descriptors, and
 * watches only what it waits for. The test plays the event loop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/stream.h"
#include "tests/common/unit.h"
#include "tests/ring/lingering.h"

#define LIMIT 100000
#define FDS 4

/* ---- A loop that tells once, and again when it was asked ----------------- */

struct watch {
	int fd;
	bool output, asked;
	void (*ready)(void *opaque);
	void *opaque;
};

static struct watch *watches[2]; /* input, output */

static void *watch(void *loop, int fd, bool output, void (*ready)(void *opaque), void *opaque)
{
	struct watch *watch = malloc(sizeof(*watch));

	assert_ptr_equal(loop, watches);
	assert_non_null(watch);
	assert_null(watches[output]);
	*watch = (struct watch){fd, output, true, ready, opaque};
	return watches[output] = watch;
}

static void again(void *opaque)
{
	struct watch *watch = opaque;

	watch->asked = true;
}

static void stop(void *opaque)
{
	struct watch *watch = opaque;

	if (watch)
		watches[watch->output] = NULL;
	free(watch);
}

static void turn(void)
{
	for (int i = 0; i < 2; i++) {
		struct pollfd pollfd = {.events = i ? POLLOUT : POLLIN};

		if (!watches[i] || !watches[i]->asked)
			continue;
		pollfd.fd = watches[i]->fd;
		if (poll(&pollfd, 1, 0) <= 0)
			continue;
		watches[i]->asked = false;
		watches[i]->ready(watches[i]->opaque);
	}
}

/* ---- Streams ------------------------------------------------------------- */

static struct mpr_stream *stream;
static int other; /* end of the connection */
static unsigned changes;

static void changed(void *opaque)
{
	assert_ptr_equal(opaque, &changes);
	changes++;
}

static struct mpr_stream *create(int in, int out)
{
	const struct mpr_stream_limits limits = {.backlog = LIMIT, .fds = FDS};
	const struct mpr_loop loop = {watch, again, stop, watches};
	struct mpr_stream *created = mpr_stream_create(in, out, limits, &loop, changed, &changes);

	assert_non_null(created);
	return created;
}

static int set_up(void **state)
{
	int ends[2], room = 8192; /* in the socket, less than in the queue */

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	other = ends[0];
	stream = create(ends[1], ends[1]);
	changes = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (stream)
		mpr_stream_destroy(stream);
	assert_null(watches[0]);
	assert_null(watches[1]);
	return other < 0 ? 0 : close(other);
}

#define with_stream(name) UNIT_TEST_WITH(name, set_up, tear_down)

static ssize_t peek(const char *expected)
{
	const char *data;
	ssize_t n = mpr_stream_peek(stream, &data);

	if (n > 0)
		assert_memory_equal(data, expected, (size_t)n);
	return n;
}

with_stream(input_is_there_until_it_is_consumed)
{
	assert_int_equal(write(other, "abc", 3), 3);
	assert_int_equal(peek("abc"), 3);
	mpr_stream_consume(stream, 1);
	assert_int_equal(peek("bc"), 2);
	assert_int_equal(changes, 0);
	assert_null(watches[0]);
	mpr_stream_consume(stream, 2);
	assert_int_equal(peek(""), 0);
	assert_int_equal(write(other, "d", 1), 1);
	/* The loop has not reported it yet. */
	assert_int_equal(peek(""), 0);
	mpr_stream_look_again(stream);
	assert_int_equal(peek("d"), 1);
	mpr_stream_consume(stream, 1);
	assert_int_equal(peek(""), 0);
	assert_int_equal(write(other, "d", 1), 1);
	turn();
	assert_int_equal(changes, 1);
	turn();
	assert_int_equal(changes, 1);
	assert_int_equal(peek("d"), 1);
	mpr_stream_consume(stream, 1);
	assert_int_equal(peek(""), 0);
	assert_int_equal(write(other, "e", 1), 1);
	turn();
	assert_int_equal(changes, 2);
	assert_int_equal(peek("e"), 1);
}

with_stream(the_end_comes_after_all_input)
{
	assert_int_equal(write(other, "abc", 3), 3);
	close(other);
	other = -1;
	assert_int_equal(peek("abc"), 3);
	mpr_stream_consume(stream, 3);
	assert_int_equal(peek(""), -EPIPE);
	assert_int_equal(peek(""), -EPIPE);
	assert_null(watches[0]);
	assert_false(mpr_stream_broken(stream));
	mpr_stream_puts(stream, "x");
	assert_true(mpr_stream_broken(stream));
}

static void fill_socket(void)
{
	char bytes[1000] = {0};

	while (!mpr_stream_backlog(stream))
		mpr_stream_write(stream, bytes, sizeof(bytes));
}

static size_t drain(void)
{
	static char bytes[LIMIT];
	size_t count = 0;
	ssize_t n;

	while ((n = recv(other, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		count += (size_t)n;
	return count;
}

with_stream(output_waits_for_its_reader)
{
	fill_socket();
	assert_non_null(watches[1]);
	turn();
	assert_int_equal(changes, 0);
	assert_true(drain() > 0);
	turn();
	assert_int_equal(mpr_stream_backlog(stream), 0);
	assert_int_equal(changes, 1);
	assert_null(watches[1]);
	assert_true(drain() > 0);
}

static void send_chunk(unsigned number)
{
	char bytes[1000];

	memset(bytes, (int)(number & 0xff), sizeof(bytes));
	mpr_stream_write(stream, bytes, sizeof(bytes));
}

static void receive_chunk(unsigned number)
{
	char expected[1000], got[1000];
	size_t size = 0;

	for (; size < sizeof(got); turn()) {
		ssize_t n = recv(other, got + size, sizeof(got) - size, MSG_DONTWAIT);

		size += n > 0 ? (size_t)n : 0;
	}
	memset(expected, (int)(number & 0xff), sizeof(expected));
	assert_memory_equal(got, expected, sizeof(got));
}

/* The queue is filled and emptied at the same time, so that it does not begin where its memory
 * does. */
with_stream(output_comes_in_order)
{
	unsigned sent = 0, received = 0;

	while (mpr_stream_backlog(stream) < LIMIT / 2) {
		send_chunk(sent++);
		send_chunk(sent++);
		receive_chunk(received++);
	}
	while (received < sent)
		receive_chunk(received++);
}

with_stream(more_than_the_limit_breaks_it)
{
	char bytes[1000] = {0};

	fill_socket();
	while (mpr_stream_backlog(stream) + sizeof(bytes) <= LIMIT) {
		assert_false(mpr_stream_broken(stream));
		mpr_stream_write(stream, bytes, sizeof(bytes));
	}
	assert_false(mpr_stream_broken(stream));
	mpr_stream_write(stream, bytes, sizeof(bytes));
	assert_true(mpr_stream_broken(stream));
	assert_int_equal(mpr_stream_backlog(stream), 0);
}

static ino_t inode_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

static unsigned count_fds(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Discarded descriptors are closed by a thread. */
static void wait_for_fds(unsigned count)
{
	while (count_fds() > count)
		usleep(100);
	assert_int_equal(count_fds(), count);
}

with_stream(the_descriptor_that_came_last_is_taken)
{
	int pipes[2], fd;
	unsigned before;

	assert_int_equal(pipe(pipes), 0);
	before = count_fds();
	lingering_send(other, "a", 1, open("/dev/null", O_RDONLY), 1, 0);
	assert_int_equal(peek("a"), 1);
	mpr_stream_consume(stream, 1);
	/* More than are kept. */
	lingering_send(other, "b", 1, dup(pipes[0]), 20, 0);
	assert_int_equal(peek("b"), 1);
	mpr_stream_consume(stream, 1);
	wait_for_fds(before + FDS);
	/* A read without descriptors replaces none. */
	assert_int_equal(write(other, "c", 1), 1);
	assert_int_equal(peek("c"), 1);
	fd = mpr_stream_take_fd(stream);
	assert_int_equal(inode_of(fd), inode_of(pipes[0]));
	assert_int_equal(mpr_stream_take_fd(stream), -1);
	close(fd);
	wait_for_fds(before);
	close(pipes[0]);
	close(pipes[1]);
}

with_stream(descriptors_are_handed_on)
{
	struct mpr_stream *from = stream;
	int first = other, pipes[2], ends[2];
	char byte;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	lingering_send(first, "a", 1, pipes[1], 1, 0);
	assert_int_equal(peek("a"), 1);
	stream = create(ends[0], ends[0]);
	mpr_stream_pass_fds(from, stream);
	assert_int_equal(mpr_stream_take_fd(from), -1);
	mpr_stream_puts(stream, "b");
	mpr_stream_destroy(stream);
	/* The pipe's only writing end lies unread in the socket. */
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(read(pipes[0], &byte, 1), -1);
	close(ends[1]);
	fcntl(pipes[0], F_SETFL, 0);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	stream = from;
}

with_stream(pipes_never_make_it_wait)
{
	int in[2], out[2];

	tear_down(state);
	other = -1;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	stream = create(in[0], out[1]);
	assert_int_equal(peek(""), 0);
	assert_int_equal(write(in[1], "a", 1), 1);
	turn();
	assert_int_equal(peek("a"), 1);
	fill_socket();
	assert_int_equal(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0);
	close(in[1]);
	close(out[0]);
}

/* Whoever else has standard input and output goes on. */
with_stream(a_socket_that_others_have_is_not_hung_up)
{
	int ends[2];

	tear_down(state);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	other = ends[0];
	stream = create(dup(ends[1]), dup(ends[1]));
	mpr_stream_destroy(stream);
	stream = NULL;
	assert_int_equal(write(ends[1], "a", 1), 1);
	close(ends[1]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return unit_run(NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * A connection: bytes and file descriptors in and out, without ever blocking. Output that the
 * other side does not read is queued, up to a limit.
 *
 * One thread.
 */
#ifndef MPR_MONITOR_STREAM_H
#define MPR_MONITOR_STREAM_H

#include <stddef.h>
#include <sys/types.h>

#include "monitor/loop.h"

/* Queued output beyond which a client is taken for one that does not read. */
#define MPR_STREAM_BACKLOG ((size_t)1 << 20)

struct mpr_stream;

struct mpr_stream_limits {
	size_t backlog; /* bytes of queued output; more break the stream */
	unsigned fds;	/* descriptors kept of one read: the first ones */
};
#define MPR_STREAM_FDS 16 /* at most */

/*
 * Takes the descriptors over, which need not be non-blocking. If they are the same, a socket is
 * hung up in the end, for all who have it; if not, they are closed, unless they are standard
 * input and output themselves.
 *
 * changed(opaque), which may be NULL, is called from the loop when there may be input again,
 * or no output waits any more. The loop is copied. NULL: out of memory, and the descriptors
 * are the caller's.
 */
struct mpr_stream *mpr_stream_create(int in, int out, struct mpr_stream_limits limits,
				     const struct mpr_loop *loop, void (*changed)(void *opaque),
				     void *opaque);

/* Writes what can be written at once, and hangs up. NULL is ignored. */
void mpr_stream_destroy(struct mpr_stream *stream);

/* More than 0: bytes at *data, until they are consumed; 0: nothing is there now; -EPIPE: no
 * more will come. */
ssize_t mpr_stream_peek(struct mpr_stream *stream, const char **data);
/* The first ones of those bytes. */
void mpr_stream_consume(struct mpr_stream *stream, size_t len);

/* The next peek reads from the descriptor, though the loop has reported nothing. */
void mpr_stream_look_again(struct mpr_stream *stream);

/* The file descriptor that came last with bytes (SCM_RIGHTS), which is the caller's then; -1:
 * none. Others that came with it are closed. */
int mpr_stream_take_fd(struct mpr_stream *stream);

/* Hands on the descriptors that came last with bytes from `from`: they go along with
 * the first byte that is written next. Nothing may be waiting to be written. */
void mpr_stream_pass_fds(struct mpr_stream *from, struct mpr_stream *to);

/* The same with a descriptor that this process made, which the stream takes over, and closes as
 * soon as it is sent. */
void mpr_stream_pass_fd(struct mpr_stream *to, int fd);

/* Queues bytes and writes what can be written. */
void mpr_stream_write(struct mpr_stream *stream, const char *data, size_t len);
void mpr_stream_puts(struct mpr_stream *stream, const char *text);

/* Drops all output; the stream is broken then. */
void mpr_stream_break(struct mpr_stream *stream);

/* Bytes of queued output. */
size_t mpr_stream_backlog(const struct mpr_stream *stream);

/* True once output is lost: the other side left, or did not read. */
bool mpr_stream_broken(const struct mpr_stream *stream);

#endif

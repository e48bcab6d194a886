/* SPDX-License-Identifier: MIT */
/*
 * A connection in GLib's main loop: bytes and descriptors in and out, without ever
 * waiting. Whoever uses it asks for input, and is called when there may be some.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_STREAM_H
#define MPR_ORCHESTRATOR_MONITOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Output that may wait to be read by the other side before more is an imposition. */
#define MPR_STREAM_BACKLOG ((size_t)1 << 20)

/* Descriptors that one message may bring. */
#define MPR_STREAM_FDS 16

struct mpr_stream;

/* Something changed: there is input again, or none of the output waits any more. */
typedef void (*mpr_stream_fn)(void *opaque);

/* Takes the descriptors over, which may be the same; those of standard input and
 * output are not closed. */
struct mpr_stream *mpr_stream_create(int in, int out, mpr_stream_fn changed, void *opaque);
/* Writes what can be written at once, and closes. The function is not called any more. */
void mpr_stream_destroy(struct mpr_stream *stream);

/* More than 0: bytes read; 0: nothing is there now, and the function will be called
 * when there is; -EPIPE: no more will come. */
ssize_t mpr_stream_read(struct mpr_stream *stream, char *buf, size_t size);

/* Queues bytes and writes what can be written. */
void mpr_stream_write(struct mpr_stream *stream, const char *data, size_t len);
void mpr_stream_puts(struct mpr_stream *stream, const char *text);

/* Hands on the descriptors that came with what was read from `from`: they go along with
 * the first byte that is written next. Nothing may be waiting to be written. */
void mpr_stream_pass_fds(struct mpr_stream *from, struct mpr_stream *to);

/* Bytes that wait. */
size_t mpr_stream_backlog(const struct mpr_stream *stream);

/* True once output is lost, because the other side left. */
bool mpr_stream_broken(const struct mpr_stream *stream);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A monitor's connection: bytes in and out, without ever waiting. What the other
 * side does not read is kept, up to a limit; then the stream is broken.
 *
 * One thread.
 */
#ifndef MPR_REMOTE_MONITOR_STREAM_H
#define MPR_REMOTE_MONITOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "event/watch.h"

/* Bytes that may wait to be read by the other side. */
#define MPR_STREAM_BACKLOG (1u << 20)

struct mpr_stream;

/* Takes the descriptors over on success, which may be the same and must not
 * block. 0 or -ENOMEM. */
int mpr_stream_create(int in, int out, struct mpr_watcher *watcher, struct mpr_stream **stream);
/* Writes what can be written at once, and closes. */
void mpr_stream_destroy(struct mpr_stream *stream);

/* More than 0: bytes read; 0: nothing is there now; -EPIPE: no more will come. */
ssize_t mpr_stream_read(struct mpr_stream *stream, char *buf, size_t size);

/* The last file descriptor that came along with what was read (SCM_RIGHTS), which is
 * the caller's then; -1: none. */
int mpr_stream_take_fd(struct mpr_stream *stream);

/* Queues bytes and writes what can be written. */
void mpr_stream_write(struct mpr_stream *stream, const char *data, size_t len);

/* Bytes that wait. */
size_t mpr_stream_backlog(const struct mpr_stream *stream);

/* True once output is lost: the other side left, or does not read. */
bool mpr_stream_broken(const struct mpr_stream *stream);

#endif

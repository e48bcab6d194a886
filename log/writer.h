/* SPDX-License-Identifier: MIT */
/*
 * Lines for the operator, written by a thread of their own, so that logging never blocks
 * on a full pipe or a stopped terminal. The descriptor may be shared with other
 * processes, so it is not made non-blocking.
 *
 * The queue is bounded. Lines that find it full are dropped, and a line in their place
 * says how many: "PROGRAM: N lines were dropped ...".
 *
 * One writer a process; any thread may put lines.
 */
#ifndef MPR_LOG_WRITER_H
#define MPR_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes in the queue, and how long mpr_log_writer_drain() waits for them. */
#define MPR_LOG_WRITER_BYTES 65536
#define MPR_LOG_WRITER_END_MS 1000

/*
 * Starts the thread, with all signals blocked. Its own lines begin with `program`, which
 * must stay valid. Do not fork without exec after it: the child has no such thread. 0 or
 * negative errno.
 */
int mpr_log_writer_start(const char *program);

/*
 * Writes a text that ends with a newline to the descriptor, by one write(), so that lines
 * of several processes do not mix. The text is copied. Never blocks once the thread is
 * running; before that it writes here.
 */
void mpr_log_writer_put(int fd, const char *text, size_t len);

/* Waits until all is written, for MPR_LOG_WRITER_END_MS at most. True: it is. Call it
 * before the process ends or the descriptor is replaced. */
bool mpr_log_writer_drain(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Lines for the operator, written by a thread of their own: whoever logs never
 * waits for a reader of standard error, be it a full pipe or a terminal that was
 * stopped. The descriptor may be anybody's, so it is not made non-blocking.
 *
 * What waits to be written is bounded. Lines that find no room are dropped, and a
 * line in their place says how many: "PROGRAM: N lines were dropped ...".
 *
 * One writer a process; any thread may put lines.
 */
#ifndef MPR_LOG_WRITER_H
#define MPR_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that wait at most, and for how long the end of a process waits for them. */
#define MPR_LOG_WRITER_BYTES 65536
#define MPR_LOG_WRITER_END_MS 1000

/*
 * Starts the thread, in which all signals are blocked. `program` is what lines of
 * its own begin with; it must stay. Not before a fork that goes on without exec.
 * 0 or negative errno.
 */
int mpr_log_writer_start(const char *program);

/*
 * Writes a text, which ends with a newline, to the descriptor: with one write(), so
 * that lines of several processes do not mix. The text is copied. Never blocks once
 * the thread was started; until then the write is made here.
 */
void mpr_log_writer_put(int fd, const char *text, size_t len);

/* Waits until all is written, at most MPR_LOG_WRITER_END_MS. True: it is. To be called
 * before the process ends, or the descriptor becomes another file. */
bool mpr_log_writer_drain(void);

#endif

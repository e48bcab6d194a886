/* SPDX-License-Identifier: MIT */
/* Splits a stream of bytes into lines of text. */
#ifndef MPR_MONITOR_LINE_H
#define MPR_MONITOR_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* QEMU's, which programs wait for. */
#define MPR_HMP_PROMPT "(qemu) "

/* Bytes of a line. */
#define MPR_LINE_MAX 4095

/* Zeroed: nothing has come. */
struct mpr_line {
	char text[MPR_LINE_MAX + 1];
	size_t length;
	const char *wrong; /* NULL, or why the line is refused */
	bool whole;
};

/*
 * Takes bytes, at least one, up to the end of a line; returns how many. When line->whole,
 * `text` is the line without its end ("\n" or "\r\n"), or `wrong` says why not, until the next
 * call begins another line.
 */
size_t mpr_line_take(struct mpr_line *line, const char *data, size_t len);

#endif

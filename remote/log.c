/* SPDX-License-Identifier: MIT */
#include "remote/log.h"

#include <ctype.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_LINE 512

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What a peer sent may be quoted in a line; it must not steer a terminal. */
static void make_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isprint((unsigned char)text[i]))
			text[i] = '?';
}

void mpr_vlog(const char *subject, const char *fmt, va_list ap)
{
	char line[MAX_LINE];
	size_t room = sizeof(line) - 1; /* for the newline */
	size_t len;

	len = (size_t)snprintf(line, room, "mpring-remote: %s%s", subject ? subject : "",
			       subject ? ": " : "");
	len = min_size(len, room - 1);
	len += (size_t)vsnprintf(line + len, room - len, fmt, ap);
	len = min_size(len, room - 1);
	make_printable(line, len);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nobody listens */
}

void mpr_log(const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mpr_vlog(subject, fmt, ap);
	va_end(ap);
}

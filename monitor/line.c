/* SPDX-License-Identifier: MIT */
#include "monitor/line.h"

#include <string.h>

static void append(struct mpr_line *line, const char *data, size_t len)
{
	if (len > MPR_LINE_MAX - line->length)
		line->wrong = "the line is too long";
	else if (memchr(data, 0, len)) /* a string would end there */
		line->wrong = "the line has a zero byte";
	if (line->wrong)
		return;
	memcpy(line->text + line->length, data, len);
	line->length += len;
}

size_t mpr_line_take(struct mpr_line *line, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);
	size_t part = newline ? (size_t)(newline - data) : len;

	if (line->whole)
		*line = (struct mpr_line){0};
	append(line, data, part);
	if (!newline)
		return part;
	if (line->length && line->text[line->length - 1] == '\r')
		line->length--;
	line->text[line->length] = '\0';
	line->whole = true;
	return part + 1;
}

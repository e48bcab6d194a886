/* SPDX-License-Identifier: MIT */
#include "orchestrator/base/say.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "log/writer.h"

void mpr_say(const char *fmt, ...)
{
	GString *line = g_string_new("mpring: ");
	va_list ap;

	va_start(ap, fmt);
	g_string_append_vprintf(line, fmt, ap);
	va_end(ap);
	g_string_append_c(line, '\n');
	mpr_log_writer_put(STDERR_FILENO, line->str, line->len);
	g_string_free(line, TRUE);
}

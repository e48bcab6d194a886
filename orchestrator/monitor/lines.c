/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/lines.h"

#include <glib.h>
#include <string.h>

#include "orchestrator/monitor/hmp_relay.h"
#include "orchestrator/monitor/stream.h"

/* Reads before others have their turn. */
#define BATCH 16

struct mpr_lines {
	struct mpr_stream *stream;
	struct mpr_hmp_relay *hmp;
	mpr_lines_fn finished;
	void *opaque;
	char input[4096];
	size_t at, end;
	GString *line; /* as far as it has come */
	bool running;  /* a command */
	bool skipping; /* what follows a line's first bytes, when it is too long */
	bool ended, told;
	guint again; /* source: there is more to do */
};

static void schedule(struct mpr_lines *lines);

/* ---- Commands ----------------------------------------------------------- */

static void answered(void *opaque, const char *text)
{
	struct mpr_lines *lines = opaque;

	lines->running = false;
	lines->ended |= !text;
	if (text) {
		mpr_stream_puts(lines->stream, text);
		mpr_stream_puts(lines->stream, MPR_HMP_PROMPT);
	}
	schedule(lines);
}

/* JSON, in which QEMU gets it, has no zero byte. */
static void run(struct mpr_lines *lines)
{
	GString *line = lines->line;

	if (line->len && line->str[line->len - 1] == '\r')
		g_string_truncate(line, line->len - 1);
	lines->running = true;
	if (lines->skipping)
		answered(lines, "Error: the line is too long\r\n");
	else if (strlen(line->str) != line->len)
		answered(lines, "Error: the line has a zero byte\r\n");
	else
		mpr_hmp_relay_run(lines->hmp, line->str, answered, lines);
	lines->skipping = false;
	g_string_truncate(line, 0);
}

/* ---- Input -------------------------------------------------------------- */

static size_t take(struct mpr_lines *lines, const char *data, size_t len)
{
	const char *newline = memchr(data, '\n', len);
	size_t part = newline ? (size_t)(newline - data) : len;

	if (lines->line->len + part > MPR_HMP_LINE)
		lines->skipping = true;
	if (!lines->skipping)
		g_string_append_len(lines->line, data, (gssize)part);
	if (!newline)
		return part;
	run(lines);
	return part + 1;
}

/* One whose answers wait, or who does not read them, gives no further commands. */
static bool may_take(const struct mpr_lines *lines)
{
	return !lines->running && !lines->ended && !mpr_stream_backlog(lines->stream);
}

static bool fill(struct mpr_lines *lines)
{
	ssize_t n;

	if (lines->at < lines->end)
		return true;
	n = mpr_stream_read(lines->stream, lines->input, sizeof(lines->input));
	lines->at = 0;
	lines->end = n > 0 ? (size_t)n : 0;
	lines->ended |= n < 0;
	return n > 0;
}

static bool is_finished(const struct mpr_lines *lines)
{
	return mpr_stream_broken(lines->stream) ||
	       (lines->ended && !lines->running && !mpr_stream_backlog(lines->stream));
}

static void pump(void *opaque)
{
	struct mpr_lines *lines = opaque;
	int i = 0;

	for (; i < BATCH && may_take(lines) && fill(lines); i++)
		lines->at += take(lines, lines->input + lines->at, lines->end - lines->at);
	if (i == BATCH)
		schedule(lines);
	if (is_finished(lines) && !lines->told) {
		lines->told = true;
		lines->finished(lines->opaque);
	}
}

static gboolean pump_again(gpointer opaque)
{
	struct mpr_lines *lines = opaque;

	lines->again = 0;
	pump(lines);
	return G_SOURCE_REMOVE;
}

static void schedule(struct mpr_lines *lines)
{
	if (!lines->again)
		lines->again = g_idle_add(pump_again, lines);
}

/* ---- Life --------------------------------------------------------------- */

struct mpr_lines *mpr_lines_create(const struct mpr_commands *commands, int in, int out,
				   mpr_lines_fn finished, void *opaque)
{
	struct mpr_lines *lines = g_new0(struct mpr_lines, 1);

	lines->finished = finished;
	lines->opaque = opaque;
	lines->line = g_string_new(NULL);
	lines->stream = mpr_stream_create(in, out, pump, lines);
	lines->hmp = mpr_hmp_relay_create(commands);
	lines->running = true;
	mpr_hmp_relay_greet(lines->hmp, answered, lines);
	return lines;
}

void mpr_lines_destroy(struct mpr_lines *lines)
{
	mpr_hmp_relay_destroy(lines->hmp);
	mpr_stream_destroy(lines->stream);
	if (lines->again)
		g_source_remove(lines->again);
	g_string_free(lines->line, TRUE);
	g_free(lines);
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/lines.h"

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

#include "monitor/line.h"
#include "monitor/stream.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/main_loop.h"
#include "orchestrator/monitor/hmp_relay.h"

/* Lines in one turn of the main loop: more would delay the other sources. */
#define BATCH 16

struct mpr_lines {
	struct mpr_stream *stream;
	struct mpr_hmp_relay *hmp;
	mpr_lines_fn finished;
	void *opaque;
	struct mpr_line line;
	bool running; /* a command */
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

static void run(struct mpr_lines *lines)
{
	char *error;

	lines->running = true;
	if (!lines->line.wrong) {
		mpr_hmp_relay_run(lines->hmp, lines->line.text, answered, lines);
		return;
	}
	error = mpr_need_text("Error: %s\r\n", lines->line.wrong);
	answered(lines, error);
	free(error);
}

/* ---- Input -------------------------------------------------------------- */

/* One command at a time; and none from a client that has not read its output. */
static bool may_take(const struct mpr_lines *lines)
{
	return !lines->running && !lines->ended && !mpr_stream_backlog(lines->stream);
}

/* False: no input waits. */
static bool take(struct mpr_lines *lines)
{
	const char *data;
	ssize_t n = mpr_stream_peek(lines->stream, &data);

	lines->ended |= n < 0;
	if (n <= 0)
		return false;
	mpr_stream_consume(lines->stream, mpr_line_take(&lines->line, data, (size_t)n));
	if (lines->line.whole)
		run(lines);
	return true;
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

	while (i < BATCH && may_take(lines) && take(lines))
		i++;
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
	struct mpr_stream_limits limits = {.backlog = SIZE_MAX};
	struct mpr_lines *lines = g_new0(struct mpr_lines, 1);

	lines->finished = finished;
	lines->opaque = opaque;
	lines->stream = mpr_need(mpr_stream_create(in, out, limits, &mpr_main_loop, pump, lines));
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
	g_free(lines);
}

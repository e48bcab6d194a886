/* SPDX-License-Identifier: MIT */
#include "orchestrator/base/main_loop.h"

#include <glib-unix.h>

struct watch {
	int fd;
	GIOCondition condition;
	void (*ready)(void *opaque);
	void *opaque;
	guint source; /* 0: it has told, and was not asked again */
};

static gboolean on_ready(gint fd, GIOCondition condition, gpointer opaque)
{
	struct watch *watch = opaque;

	(void)fd;
	(void)condition;
	watch->source = 0;
	watch->ready(watch->opaque);
	return G_SOURCE_REMOVE;
}

static void again(void *opaque)
{
	struct watch *watch = opaque;

	if (!watch->source)
		watch->source = g_unix_fd_add(watch->fd, watch->condition, on_ready, watch);
}

static void *start(void *loop, int fd, bool output, void (*ready)(void *opaque), void *opaque)
{
	struct watch *watch = g_new0(struct watch, 1);

	(void)loop;
	watch->fd = fd;
	watch->condition = output ? G_IO_OUT : G_IO_IN;
	watch->ready = ready;
	watch->opaque = opaque;
	again(watch);
	return watch;
}

static void stop(void *opaque)
{
	struct watch *watch = opaque;

	if (watch && watch->source)
		g_source_remove(watch->source);
	g_free(watch);
}

const struct mpr_loop mpr_main_loop = {.watch = start, .again = again, .stop = stop};

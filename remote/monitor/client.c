/* SPDX-License-Identifier: MIT */
#include "remote/monitor/client.h"

#include <errno.h>
#include <stdlib.h>

#include "remote/device/timers.h"
#include "remote/storage/images.h"

/* Commands of one client in a turn of the loop: more would delay the devices. */
#define BATCH 8

/* ---- The loop ----------------------------------------------------------- */

static void *watch(void *watcher, int fd, bool output, void (*ready)(void *opaque), void *opaque)
{
	return output ? mpr_watch_start_output(watcher, fd, ready, opaque)
		      : mpr_watch_start(watcher, fd, ready, opaque);
}

static void stop_watch(void *watch)
{
	mpr_watch_stop(watch);
}

/* ---- Life --------------------------------------------------------------- */

int mpr_client_create(struct mpr_machine *machine, const struct mpr_monitor_protocol *protocol,
		      bool pretty, int in, int out, struct mpr_monitor_client **result)
{
	struct mpr_loop loop = {.watch = watch, .stop = stop_watch, .loop = machine->watcher};
	struct mpr_stream_limits limits = {.backlog = MPR_STREAM_BACKLOG, .fds = 1};
	struct mpr_monitor_client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->machine = machine;
	client->protocol = protocol;
	client->pretty = pretty;
	client->stream = mpr_stream_create(in, out, limits, &loop, NULL, NULL);
	if (!client->stream) {
		free(client);
		return -ENOMEM;
	}
	if (client->protocol->open(client) < 0)
		client->finished = true;
	*result = client;
	return 0;
}

void mpr_client_destroy(struct mpr_monitor_client *client)
{
	mpr_delay_stop(client->again_delay);
	client->protocol->close(client);
	mpr_passed_free(&client->fds);
	mpr_stream_destroy(client->stream);
	free(client);
}

/* ---- Commands ----------------------------------------------------------- */

/* False: no input waits. */
static bool take(struct mpr_monitor_client *client)
{
	const char *data;
	ssize_t n = mpr_stream_peek(client->stream, &data);

	client->finished |= n < 0;
	if (n > 0)
		mpr_stream_consume(client->stream, client->protocol->take(client, data, (size_t)n));
	return n > 0;
}

/* No command is taken from a client that has not read its answers: they would pile up here. */
static bool may_take(const struct mpr_monitor_client *client)
{
	return !client->finished && !client->settled && !client->again &&
	       !mpr_stream_backlog(client->stream) && !mpr_stream_broken(client->stream);
}

static void on_again(void *opaque)
{
	struct mpr_monitor_client *client = opaque;

	client->again_delay = NULL;
	client->again_due = true;
}

bool mpr_client_try_again(struct mpr_monitor_client *client)
{
	uint64_t now = mpr_clock_now();

	if (!client->again_until)
		client->again_until = now + MPR_DRIVE_LOCK_WAIT_MS * UINT64_C(1000000);
	if (now < client->again_until)
		client->again_delay = mpr_delay_start(client->machine->watcher,
						      MPR_DRIVE_LOCK_RETRY_MS, on_again, client);
	client->again = client->again_delay;
	return client->again;
}

static void run_again(struct mpr_monitor_client *client)
{
	client->again = client->again_due = false;
	client->protocol->again(client);
	if (!client->again)
		client->again_until = 0;
}

bool mpr_client_step(struct mpr_monitor_client *client)
{
	bool worked = false;

	if (client->again_due) {
		run_again(client);
		worked = true;
	}

	if (client->settled && client->settled(client->machine)) {
		client->settled = NULL;
		client->protocol->settled(client);
		worked = true;
	}
	for (unsigned i = 0; i < BATCH && may_take(client) && take(client); i++)
		worked = true;
	return worked;
}

bool mpr_client_ended(const struct mpr_monitor_client *client)
{
	return mpr_stream_broken(client->stream) ||
	       (client->finished && !mpr_stream_backlog(client->stream));
}

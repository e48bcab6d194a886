/* SPDX-License-Identifier: MIT */
#include "remote/vmm/connection.h"

#include <errno.h>
#include <stdlib.h>

#include "remote/process/log.h"
#include "ring/discard.h"

static void on_readable(void *opaque)
{
	struct mpr_connection *connection = opaque;

	connection->readable = true;
}

int mpr_connection_create(int sock, const struct mpr_hosted_list *offer,
			  struct mpr_watcher *watcher, struct mpr_ram_pool *pool,
			  const struct mpr_protocol *protocol, struct mpr_connection **result)
{
	struct mpr_connection *connection = calloc(1, sizeof(*connection));
	int ret = -ENOMEM;

	if (!connection)
		return ret;
	connection->sock = sock;
	connection->offer = offer;
	connection->pool = pool;
	connection->protocol = protocol;
	connection->readable = true;
	ret = protocol->start(connection);
	if (ret < 0)
		goto not_started;
	mpr_discard_prepare(sock);
	connection->watch = mpr_watch_start(watcher, sock, on_readable, connection);
	if (connection->watch) {
		*result = connection;
		return 0;
	}
	ret = -ENOMEM;
	protocol->free(connection);
not_started:
	free(connection);
	return ret;
}

void mpr_connection_destroy(struct mpr_connection *connection)
{
	mpr_connection_end(connection, NULL);
	connection->protocol->free(connection);
	free(connection);
}

bool mpr_connection_step(struct mpr_connection *connection)
{
	return !connection->ended && connection->protocol->step(connection);
}

void mpr_connection_check(struct mpr_connection *connection)
{
	if (!connection->ended)
		connection->protocol->check(connection);
}

void mpr_connection_end(struct mpr_connection *connection, const char *why)
{
	if (connection->ended)
		return;
	if (why)
		mpr_log(NULL, "connection closed: %s", why);
	connection->ended = true;
	connection->protocol->detach(connection);
	mpr_watch_stop_and_discard(connection->watch);
}

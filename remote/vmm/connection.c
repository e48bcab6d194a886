/* SPDX-License-Identifier: MIT */
#include "remote/vmm/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "remote/vmm/mpqemu.h"
#include "ring/discard.h"
#include "wire/mpqemu.h"

struct mpr_connection {
	int sock;
	const struct mpr_hosted_list *offer;
	struct mpr_watcher *watcher;
	struct mpr_ram_pool *pool;
	struct mpr_watch *watch; /* until the protocol is known */
	bool readable;
	bool ended; /* while the protocol was unknown */

	/* NULL, but for one of them once the protocol is known. */
	struct mpr_session *session;
	struct mpr_mpqemu_session *mpqemu;
};

static void on_readable(void *opaque)
{
	struct mpr_connection *connection = opaque;

	connection->readable = true;
}

int mpr_connection_create(int sock, const struct mpr_hosted_list *offer,
			  struct mpr_watcher *watcher, struct mpr_ram_pool *pool,
			  struct mpr_connection **result)
{
	struct mpr_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return -ENOMEM;
	connection->sock = sock;
	connection->offer = offer;
	connection->watcher = watcher;
	connection->pool = pool;
	connection->readable = true;
	mpr_discard_prepare(sock);
	connection->watch = mpr_watch_start(watcher, sock, on_readable, connection);
	if (!connection->watch) {
		free(connection);
		return -ENOMEM;
	}
	*result = connection;
	return 0;
}

int mpr_connection_socket(const struct mpr_connection *connection)
{
	return connection->sock;
}

void mpr_connection_destroy(struct mpr_connection *connection)
{
	mpr_connection_end(connection, NULL);
	if (connection->session)
		mpr_session_destroy(connection->session);
	if (connection->mpqemu)
		mpr_mpqemu_session_destroy(connection->mpqemu);
	free(connection);
}

void mpr_connection_end(struct mpr_connection *connection, const char *why)
{
	if (connection->session) {
		mpr_session_end(connection->session, why);
	} else if (connection->mpqemu) {
		mpr_mpqemu_session_end(connection->mpqemu, why);
	} else if (!connection->ended) {
		connection->ended = true;
		mpr_watch_stop_and_discard(connection->watch);
	}
}

bool mpr_connection_ended(const struct mpr_connection *connection)
{
	if (connection->session)
		return mpr_session_ended(connection->session);
	if (connection->mpqemu)
		return mpr_mpqemu_session_ended(connection->mpqemu);
	return connection->ended;
}

bool mpr_connection_greeted(const struct mpr_connection *connection)
{
	if (connection->session)
		return mpr_session_greeted(connection->session);
	return connection->mpqemu && mpr_mpqemu_session_greeted(connection->mpqemu);
}

void mpr_connection_check(struct mpr_connection *connection)
{
	if (connection->session)
		mpr_session_check(connection->session);
	else if (connection->mpqemu)
		mpr_mpqemu_session_check(connection->mpqemu);
}

/* ---- Which protocol ----------------------------------------------------- */

/*
 * QEMU's proxy begins with SYNC_SYSMEM, or with SET_IRQFD if it has no memory to
 * share. In mpring's protocol the one number is no message, and the other none that
 * can come first.
 */
static bool is_mpqemu(uint8_t first)
{
	return first == MPR_MPQEMU_SYNC_SYSMEM || first == MPR_MPQEMU_SET_IRQFD;
}

static int start(struct mpr_connection *connection, uint8_t first)
{
	if (is_mpqemu(first))
		return mpr_mpqemu_session_create(connection->sock, connection->offer,
						 connection->watcher, connection->pool,
						 &connection->mpqemu);
	return mpr_session_create(connection->sock, connection->offer, connection->watcher,
				  connection->pool, &connection->session);
}

/* True when it did something. */
static bool recognise(struct mpr_connection *connection)
{
	uint8_t first;
	ssize_t n = recv(connection->sock, &first, 1, MSG_PEEK | MSG_DONTWAIT);

	connection->readable = false;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 1 && start(connection, first) == 0)
		mpr_watch_stop(connection->watch);
	else
		mpr_connection_end(connection, NULL);
	return true;
}

bool mpr_connection_step(struct mpr_connection *connection)
{
	if (connection->session)
		return mpr_session_step(connection->session);
	if (connection->mpqemu)
		return mpr_mpqemu_session_step(connection->mpqemu);
	return connection->readable && !connection->ended && recognise(connection);
}

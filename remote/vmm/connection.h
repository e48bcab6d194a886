/* SPDX-License-Identifier: MIT */
/*
 * A connection of a VMM: the socket, and what both protocols have in common.
 *
 * Nothing here blocks: an answer that must wait for DMA is sent by a later
 * mpr_connection_step(). One thread.
 */
#ifndef MPR_REMOTE_VMM_CONNECTION_H
#define MPR_REMOTE_VMM_CONNECTION_H

#include <stdbool.h>

#include "event/watch.h"
#include "remote/device/list.h"
#include "remote/device/ram.h"

struct mpr_protocol;

struct mpr_connection {
	struct mpr_connection *next; /* for whoever keeps a list */
	int sock;
	const struct mpr_hosted_list *offer;
	struct mpr_ram_pool *pool;
	bool readable; /* the socket may have more */
	bool greeted;  /* the peer has said hello */
	bool ended;    /* only mpr_connection_destroy() may follow */

	struct mpr_watch *watch;
	const struct mpr_protocol *protocol;
	void *session; /* the protocol's */
};

/* What is said on a connection. The functions get connections that have not ended. */
struct mpr_protocol {
	/* Sets connection->session. 0 or -ENOMEM. */
	int (*start)(struct mpr_connection *connection);
	/* Handles one message at most, or goes on with the one that waits. True when it did
	 * something. */
	bool (*step)(struct mpr_connection *connection);
	/* Ends the connection if one of its devices cannot go on. */
	void (*check)(struct mpr_connection *connection);
	/* The connection ends: takes the devices from the VMM. */
	void (*detach)(struct mpr_connection *connection);
	/* After detach(). */
	void (*free)(struct mpr_connection *connection);
};

/*
 * Speaks the protocol on a connected Unix stream socket, which it takes over on success;
 * `offer`, the devices that the VMM may open, and the rest must outlive it. 0 or -ENOMEM.
 */
int mpr_connection_create(int sock, const struct mpr_hosted_list *offer,
			  struct mpr_watcher *watcher, struct mpr_ram_pool *pool,
			  const struct mpr_protocol *protocol, struct mpr_connection **result);
/* Ends it first if need be. */
void mpr_connection_destroy(struct mpr_connection *connection);

/* As the protocol's functions; a connection that has ended is left alone. */
bool mpr_connection_step(struct mpr_connection *connection);
void mpr_connection_check(struct mpr_connection *connection);

/* Ends it: its devices are detached and its socket is hung up. `why` is logged; NULL: the
 * peer left in good order. */
void mpr_connection_end(struct mpr_connection *connection, const char *why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One control connection, over which a VMM's proxy sets devices up (wire/protocol.h).
 * A request is checked, done and answered, or refused with MPR_WIRE_ERROR. A message
 * that breaks the protocol ends the connection: the devices that it had open are
 * detached, and nothing else is harmed.
 *
 * Nothing here blocks: an answer that must wait for DMA is sent by a later
 * mpr_session_step(). One thread.
 */
#ifndef MPR_REMOTE_VMM_SESSION_H
#define MPR_REMOTE_VMM_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "event/watch.h"
#include "remote/device/list.h"
#include "remote/device/ram.h"

struct mpr_session;

/*
 * Starts a session on a connected Unix stream socket, which it takes over on
 * success; `offer` and the rest must outlive it. 0 or -ENOMEM.
 */
int mpr_session_create(int sock, const struct mpr_hosted_list *offer, struct mpr_watcher *watcher,
		       struct mpr_ram_pool *pool, struct mpr_session **session);
/* Ends it first if need be. */
void mpr_session_destroy(struct mpr_session *session);

/* Handles one message at most, or goes on with the one that waits. True when it did
 * something. */
bool mpr_session_step(struct mpr_session *session);

/* Ends the session: its devices are detached and its socket is closed. `why`
 * is for the log; NULL: the peer left in good order. */
void mpr_session_end(struct mpr_session *session, const char *why);

/* True once it has ended; then only mpr_session_destroy() may follow. */
bool mpr_session_ended(const struct mpr_session *session);
/* True once the peer has said hello. */
bool mpr_session_greeted(const struct mpr_session *session);

/* Ends the session if one of its devices cannot go on: the channel is broken,
 * or guest memory was truncated. */
void mpr_session_check(struct mpr_session *session);

#endif

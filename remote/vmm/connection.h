/* SPDX-License-Identifier: MIT */
/*
 * A connection of a VMM. The first byte tells which protocol it speaks: mpring's own
 * (remote/vmm/session.h) or stock QEMU's (remote/vmm/mpqemu.h). The functions do for
 * either what their namesakes in remote/vmm/session.h do.
 */
#ifndef MPR_REMOTE_VMM_CONNECTION_H
#define MPR_REMOTE_VMM_CONNECTION_H

#include "remote/vmm/session.h"

struct mpr_connection;

int mpr_connection_create(int sock, const struct mpr_hosted_list *offer,
			  struct mpr_watcher *watcher, struct mpr_ram_pool *pool,
			  struct mpr_connection **connection);
void mpr_connection_destroy(struct mpr_connection *connection);
bool mpr_connection_step(struct mpr_connection *connection);
void mpr_connection_end(struct mpr_connection *connection, const char *why);
bool mpr_connection_ended(const struct mpr_connection *connection);
bool mpr_connection_greeted(const struct mpr_connection *connection);
void mpr_connection_check(struct mpr_connection *connection);

/* The socket, which stays the connection's. */
int mpr_connection_socket(const struct mpr_connection *connection);

#endif

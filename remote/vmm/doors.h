/* SPDX-License-Identifier: MIT */
/*
 * The doors by which VMMs come in: one for each endpoint, a listener or the socket
 * that was given, and the connections that came through it.
 *
 * One thread.
 */
#ifndef MPR_REMOTE_VMM_DOORS_H
#define MPR_REMOTE_VMM_DOORS_H

#include "event/watch.h"
#include "remote/device/ram.h"
#include "remote/vmm/endpoints.h"

struct mpr_door;

struct mpr_doors {
	struct mpr_endpoints *endpoints;
	struct mpr_watcher *watcher;
	struct mpr_ram_pool *ram; /* of all connections */

	struct mpr_door *first;
	size_t connections;
	bool served;  /* a VMM was there, and left */
	bool stopped; /* see mpr_doors_stop() */
};

/* Opens a door for each endpoint there is, and from now on for those that come: it sets
 * endpoints->doors. 0, or negative errno with *error set to a message (free() it); close
 * them in either case. */
int mpr_doors_open(struct mpr_doors *doors, char **error);
/* Hangs up on everybody. */
void mpr_doors_close(struct mpr_doors *doors);

/* Goes on with every connection, and frees those that have ended. True when it did
 * something. */
bool mpr_doors_step(struct mpr_doors *doors);

/* True when somebody is connected, or expected: nobody has used the door yet. */
bool mpr_doors_in_use(const struct mpr_doors *doors);

/* Nobody new comes in, and nothing is done any more for who is in and stays connected. */
void mpr_doors_stop(struct mpr_doors *doors);

/* For a process that ends with I/O under way: keeps the sockets open until the kernel has
 * ended it. A VMM that is hung up on gives its guest the memory back, into which that I/O
 * could still write. */
void mpr_doors_keep_sockets(const struct mpr_doors *doors);

#endif

/* SPDX-License-Identifier: MIT */
/* A Unix socket on which VMMs connect (x-remote-object's path=). */
#ifndef MPR_REMOTE_VMM_LISTENER_H
#define MPR_REMOTE_VMM_LISTENER_H

#include "event/watch.h"

struct mpr_listener;

/*
 * Binds and listens. Only the user of this process may connect (mode 0600). A
 * socket file on which nobody listens any more is replaced. accepted(fd, opaque) is
 * called from mpr_uring_reap() and takes fd over. While descriptors or memory are
 * short, connections wait and are tried again. 0; -EADDRINUSE: somebody listens
 * there, or it is no socket; negative errno.
 */
int mpr_listener_create(const char *path, struct mpr_watcher *watcher,
			void (*accepted)(int fd, void *opaque), void *opaque,
			struct mpr_listener **listener);

/* Removes the socket file as well. NULL is ignored. */
void mpr_listener_destroy(struct mpr_listener *listener);

#endif

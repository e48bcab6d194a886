/* SPDX-License-Identifier: MIT */
/*
 * The doorbell of a channel, a socket that wakes the loop. The VMM made the socket pair
 * and keeps both ends: it can send descriptors along, which a reader would have to close,
 * and it can read and so hold the socket's read lock for as long as it likes. To read
 * here could block the loop. So the socket is only polled, and a kernel thread empties it
 * now and then, before it is full.
 */
#ifndef MPR_REMOTE_DEVICE_DOORBELL_H
#define MPR_REMOTE_DEVICE_DOORBELL_H

#include "event/watch.h"

struct mpr_doorbell;

/* From now on each ring is a completion in the watcher's io_uring. Takes the socket over
 * on success. NULL when out of memory. */
struct mpr_doorbell *mpr_doorbell_open(struct mpr_watcher *watcher, int sock);

/* Hangs up. The doorbell counts in watcher->active until the kernel thread has finished
 * reading. NULL is ignored. */
void mpr_doorbell_close(struct mpr_doorbell *doorbell);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The doorbell of a channel, which ends the loop's sleep. The VMM, which made it, has
 * both ends. It can send descriptors along, which whoever reads closes, and it can
 * read, too, and hold the lock of readers for as long as it likes. So it is polled,
 * and now and then emptied by a thread of the kernel's, before it is full.
 */
#ifndef MPR_REMOTE_DEVICE_DOORBELL_H
#define MPR_REMOTE_DEVICE_DOORBELL_H

#include "event/watch.h"

struct mpr_doorbell;

/* From now on a ring is a completion in the watcher's io_uring. Takes the socket over
 * on success. NULL when out of memory. */
struct mpr_doorbell *mpr_doorbell_open(struct mpr_watcher *watcher, int sock);

/* Hangs up. The doorbell is one of the watcher's active ones until it is not read any
 * more. NULL is ignored. */
void mpr_doorbell_close(struct mpr_doorbell *doorbell);

#endif

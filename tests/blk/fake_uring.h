/* SPDX-License-Identifier: MIT */
/*
 * A fake of event/uring.c that does no I/O: the test inspects each submission entry, and
 * completes it when and with what result it likes.
 */
#ifndef MPR_TESTS_BLK_FAKE_URING_H
#define MPR_TESTS_BLK_FAKE_URING_H

#include "event/uring.h"

/* Makes this the registered memory, as one buffer of that index. */
void fake_uring_register(struct mpr_uring *ring, const void *base, size_t len);
#define FAKE_URING_BUFFER 5

/* Entries not yet completed, in the order in which they were queued. */
unsigned fake_uring_count(const struct mpr_uring *ring);
const struct io_uring_sqe *fake_uring_entry(const struct mpr_uring *ring, unsigned index);

/* Completes one entry; its function is called before this returns. */
void fake_uring_complete(struct mpr_uring *ring, unsigned index, int32_t res);
/* The same with a read or write done in full. */
void fake_uring_complete_full(struct mpr_uring *ring, unsigned index);

#endif

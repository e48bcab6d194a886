/* SPDX-License-Identifier: MIT */
/*
 * Operations that the kernel does not do now: it was interrupted (EINTR), or lacks
 * what it takes (EAGAIN). They are tried again: once at once, by a thread of the
 * kernel's that may wait, and then after pauses that grow, for some five seconds. A
 * file system that still says so then has failed. Private to blk/.
 */
#ifndef MPR_BLK_RETRY_H
#define MPR_BLK_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "blk/blk.h"

struct mpr_retry {
	/* Filled in by the owner: */
	struct mpr_uring_op op; /* of the operation; pauses have it, too */
	struct mpr_uring *ring; /* for pauses */
	/* Queues the operation, with mpr_retry_flags(). */
	void (*issue)(struct mpr_retry *retry);
	/* The request that it is for, which may be given up; NULL: the owner sees to that. */
	struct mpr_blk_req *req;

	/* Private; zeroed before the first try. */
	uint8_t tries;
	bool paused;
};

/* For the submission entry. */
static inline uint8_t mpr_retry_flags(const struct mpr_retry *retry)
{
	return retry->tries ? IOSQE_ASYNC : 0;
}

/* After a completion with an error. True: the operation goes on. False: it ends with
 * *res, which is not that of a pause any more. */
bool mpr_retry_after(struct mpr_retry *retry, int32_t *res);

/* Ends the pause that a request is in, and with it the operation. */
void mpr_retry_stop(struct mpr_retry *retry);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Operations that fail with EINTR or EAGAIN, for want of some resource, are tried again:
 * once immediately, by a kernel worker that may block, and then with growing pauses, for
 * some five seconds. If they still fail then, the error is final. Private to blk/.
 */
#ifndef MPR_BLK_RETRY_H
#define MPR_BLK_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "blk/blk.h"

struct mpr_retry {
	/* Filled in by the owner: */
	struct mpr_uring_op op; /* of the operation, and of its pauses */
	struct mpr_uring *ring; /* for pauses */
	/* Queues the operation, with mpr_retry_flags(). */
	void (*issue)(struct mpr_retry *retry);
	/* The request that it is for, which may be given up; NULL: the owner handles that. */
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
 * *res, the result of the operation, also if the completion was that of a pause. */
bool mpr_retry_after(struct mpr_retry *retry, int32_t *res);

/* Cuts the pause short and ends the operation. */
void mpr_retry_stop(struct mpr_retry *retry);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * How a request ends: it is counted, and if it failed it is held or reported, as the
 * device's on_error says. Private to blk/.
 */
#ifndef MPR_BLK_FINISH_H
#define MPR_BLK_FINISH_H

#include "blk/driver.h"

/* Ends a request that moved `len` bytes if result is 0. It may be freed now.
 * Never from within driver->submit(). */
void mpr_blk_finish(struct mpr_blk *blk, struct mpr_blk_req *req, uint64_t len, int result);

/* Ends a request without I/O and with this result, from mpr_uring_reap(). */
void mpr_blk_finish_later(struct mpr_blk *blk, struct mpr_blk_req *req, int result);

/* The same for a request that must not be made: its error is reported, never held. */
void mpr_blk_refuse(struct mpr_blk *blk, struct mpr_blk_req *req, int result);

/* The request that has been held longest, which is held no more; NULL: none is. */
struct mpr_blk_req *mpr_blk_take_held(struct mpr_blk *blk);

#endif

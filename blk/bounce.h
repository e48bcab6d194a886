/* SPDX-License-Identifier: MIT */
/*
 * Requests that direct I/O cannot take as they are: memory, offset or length
 * are not aligned. They go through an aligned buffer, a piece of bounded size
 * at a time. A write that covers parts of blocks reads these blocks first; the
 * caller holds off other writes to them meanwhile. Private to blk/.
 */
#ifndef MPR_BLK_BOUNCE_H
#define MPR_BLK_BOUNCE_H

#include "blk/driver.h"
#include "blk/file.h"

struct mpr_bounce;

/* Whether the request, of `len` bytes, must be bounced. */
bool mpr_bounce_needed(const struct mpr_file *file, const struct mpr_blk_req *req, uint64_t len);

/* Whether it would read blocks in order to write them back. */
bool mpr_bounce_rewrites(const struct mpr_file *file, const struct mpr_blk_req *req, uint64_t len);

/*
 * Allocates what it takes to bounce a read or write of blk, which is in
 * `file`. NULL: out of memory. fn(bounce, req, result) is called once, from
 * mpr_uring_reap(), with 0 or negative errno, and frees the bounce.
 */
struct mpr_bounce *mpr_bounce_new(struct mpr_blk *blk, const struct mpr_file *file,
				  struct mpr_blk_req *req, uint64_t len, int rw_flags,
				  void (*fn)(struct mpr_bounce *bounce, struct mpr_blk_req *req,
					     int result));
void mpr_bounce_start(struct mpr_bounce *bounce);
void mpr_bounce_free(struct mpr_bounce *bounce);

#endif

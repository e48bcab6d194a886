/* SPDX-License-Identifier: MIT */
/*
 * Bounce buffers, for requests whose memory, offset or length is not aligned as direct
 * I/O needs it. They are copied through an aligned buffer, a piece of bounded size at a
 * time. A write of parts of blocks is a read-modify-write; the caller keeps other writes
 * off these blocks meanwhile. Private to blk/.
 */
#ifndef MPR_BLK_BOUNCE_H
#define MPR_BLK_BOUNCE_H

#include "blk/driver.h"
#include "blk/file.h"

struct mpr_bounce;

/* Whether the request, of `len` bytes, must be bounced. */
bool mpr_bounce_needed(const struct mpr_file *file, const struct mpr_blk_req *req, uint64_t len);

/* Whether it would be a read-modify-write. */
bool mpr_bounce_rewrites(const struct mpr_file *file, const struct mpr_blk_req *req, uint64_t len);

/*
 * Allocates what is needed to bounce a read or write of blk, whose image is `file`.
 * NULL: out of memory. fn(bounce, req, result) is called once, from
 * mpr_uring_reap(), with 0 or negative errno, and frees the bounce.
 */
struct mpr_bounce *mpr_bounce_new(struct mpr_blk *blk, const struct mpr_file *file,
				  struct mpr_blk_req *req, uint64_t len, int rw_flags,
				  void (*fn)(struct mpr_bounce *bounce, struct mpr_blk_req *req,
					     int result));
void mpr_bounce_start(struct mpr_bounce *bounce);
void mpr_bounce_free(struct mpr_bounce *bounce);

#endif

/* SPDX-License-Identifier: MIT */
/* An mpr_blk in memory whose requests end when the test says so. */
#ifndef MPR_TESTS_SCSI_FAKE_BLK_H
#define MPR_TESTS_SCSI_FAKE_BLK_H

#include "blk/blk.h"

#define FAKE_BLK_MAX 1024 /* requests in flight */

struct mpr_blk {
	uint64_t size; /* what mpr_blk_size() says */
	uint8_t *data; /* the first data_size bytes; the rest reads as zero */
	uint64_t data_size;
	bool read_only, write_cache, discard;
	int error; /* the result of every request that ends, if not 0 */

	struct mpr_blk_req *queue[FAKE_BLK_MAX]; /* oldest first */
	unsigned in_flight;

	/* What was submitted so far. */
	unsigned reads, writes, flushes, fua_writes, discards;
	struct {
		enum mpr_blk_op op;
		bool fua;
		uint64_t offset, length;
		unsigned niov;
		const void *base; /* of the first iovec */
	} last;
};

struct mpr_blk *fake_blk_new(uint64_t size);
void fake_blk_free(struct mpr_blk *blk);

/* Ends one request, given by its age (0: the oldest), or all. */
void fake_blk_end(struct mpr_blk *blk, unsigned age);
void fake_blk_end_all(struct mpr_blk *blk);

#endif

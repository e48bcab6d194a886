/* SPDX-License-Identifier: MIT */
/*
 * The host's side of an image: a regular file or block device, opened, locked
 * and measured. Private to blk/.
 */
#ifndef MPR_BLK_FILE_H
#define MPR_BLK_FILE_H

#include <stdint.h>

#include "blk/blk.h"

struct mpr_file {
	int fd;
	int slot; /* the same, registered with the ring; negative: it is not */
	/* Where its reads and writes are queued: the ring that it was opened
	 * with, or its polled ring. */
	struct mpr_uring *io_ring;
	struct mpr_uring *ring;
	bool no_lock;
	uint64_t length; /* bytes when it was opened */
	/* What its I/O must be multiples of; powers of two. 1 unless it was
	 * opened for direct I/O. mem_align is for the address and length of
	 * each element, and divides offset_align, which is for the file's
	 * offset and the length of all. */
	uint32_t mem_align, offset_align;
};

/* As mpr_blk_open(). */
int mpr_file_open(struct mpr_file *file, struct mpr_uring *ring,
		  const struct mpr_blk_options *options, char **error);
/* As mpr_blk_share(), of a file that is open for writing. */
int mpr_file_share(struct mpr_file *file, bool share);
void mpr_file_close(struct mpr_file *file);

#endif

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
	int slot; /* fd as registered with the ring; negative: it is not */
	/* Takes its reads and writes: the ring that it was opened with, or that ring's
	 * polled one. */
	struct mpr_uring *io_ring;
	struct mpr_uring *ring;
	bool no_lock;
	uint64_t length; /* bytes when it was opened */
	/* Alignment of its I/O, powers of two; 1 unless it was opened for direct I/O.
	 * mem_align is that of each element's address and length; it divides
	 * offset_align, that of the offset in the file and the whole length. */
	uint32_t mem_align, offset_align;
};

/* As mpr_blk_open(). */
int mpr_file_open(struct mpr_file *file, struct mpr_uring *ring,
		  const struct mpr_blk_options *options, char **error);
/* As mpr_blk_share(), of a file that is open for writing. */
int mpr_file_share(struct mpr_file *file, bool share);
void mpr_file_close(struct mpr_file *file);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One vectored read or write of a file, to its last byte: split if it has more elements
 * than the kernel takes, continued after a short transfer, tried again after EINTR and
 * EAGAIN (blk/retry.h). Uses memory as a fixed buffer if it is registered with the ring.
 * Private to blk/.
 */
#ifndef MPR_BLK_TRANSFER_H
#define MPR_BLK_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "blk/retry.h"

struct mpr_file;

struct mpr_transfer {
	/* Filled in by the caller. The elements stay the caller's and are not
	 * changed; they hold `len` bytes, at least one. For direct I/O, offset, len
	 * and the elements are aligned as the file needs it, and with more than
	 * IOV_MAX elements the length of each is a multiple of file->offset_align. */
	const struct mpr_file *file;
	const struct iovec *iov;
	unsigned niov;
	bool write;
	int rw_flags; /* RWF_* */
	uint64_t offset, len;
	/* Called once, from mpr_uring_reap(). 0, or negative errno: -EIO also
	 * when the file ends early. Bytes of a read between the file's end
	 * and its last sector's end are zeros. */
	void (*fn)(struct mpr_transfer *transfer, int result);

	/* Private, except retry.req: the request that it is part of. */
	struct mpr_retry retry;
	struct iovec rest; /* of an element that is done in part */
	uint64_t skip;	   /* bytes of *iov that are done */
};

/* Queues the first operation. */
void mpr_transfer_start(struct mpr_transfer *transfer);

#endif

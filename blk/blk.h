/* SPDX-License-Identifier: MIT */
/*
 * Block devices: disk images read and written asynchronously through io_uring,
 * with the caller's memory (the guest's pages) as the I/O buffer.
 *
 * Single-threaded: every call and every completion is on the thread of the
 * io_uring that the device was opened with.
 */
#ifndef MPR_BLK_BLK_H
#define MPR_BLK_BLK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "event/uring.h"

/* QEMU's cache modes (qemu-system(1), -drive cache=). */
enum mpr_blk_cache {
	MPR_CACHE_WRITEBACK = 0, /* host page cache, flush on request (default) */
	MPR_CACHE_NONE,		 /* O_DIRECT, flush on request */
	MPR_CACHE_DIRECTSYNC,	 /* O_DIRECT, every write durable when it ends */
	MPR_CACHE_WRITETHROUGH,	 /* host page cache, every write durable when it ends */
	MPR_CACHE_UNSAFE	 /* host page cache, and nothing is made durable */
};

/* O_DIRECT. */
static inline bool mpr_cache_is_direct(enum mpr_blk_cache cache)
{
	return cache == MPR_CACHE_NONE || cache == MPR_CACHE_DIRECTSYNC;
}

/* A completed write is durable. */
static inline bool mpr_cache_is_durable(enum mpr_blk_cache cache)
{
	return cache == MPR_CACHE_DIRECTSYNC || cache == MPR_CACHE_WRITETHROUGH;
}

/* What becomes of a write of nothing but zeros (QEMU's detect-zeroes=). */
enum mpr_blk_zeroes {
	MPR_BLK_ZEROES_WRITE, /* they are written (default) */
	MPR_BLK_ZEROES_RANGE, /* the file system notes that the range is zero */
	MPR_BLK_ZEROES_UNMAP, /* and stores nothing for it */
};

struct mpr_blk_options {
	const char *file;
	const char *format; /* "raw", or NULL for it unless the file is another's */
	enum mpr_blk_cache cache;
	bool read_only;
	bool share;   /* as mpr_blk_share(true) */
	bool no_lock; /* neither looks for locks nor has one */
	bool discard; /* discards reach the image; else they have no effect */
	enum mpr_blk_zeroes zeroes;
	/* Poll the device for completions instead of waiting for interrupts:
	 * takes a processor while there is I/O. With direct I/O only. */
	bool iopoll;
};

/* A discard gives the range's bytes up: the image need not store them any more. Only
 * the lengths of its elements mean something. */
enum mpr_blk_op { MPR_BLK_READ, MPR_BLK_WRITE, MPR_BLK_FLUSH, MPR_BLK_DISCARD };

/* What becomes of a request that failed (QEMU's rerror= and werror=). */
enum mpr_blk_on_error {
	MPR_BLK_REPORT, /* it ends with the error (default) */
	MPR_BLK_IGNORE, /* it ends as if it had gone well */
	MPR_BLK_ENOSPC, /* MPR_BLK_STOP where there is no space, else MPR_BLK_REPORT */
	MPR_BLK_STOP	/* it is held until mpr_blk_retry() or mpr_blk_give_up() */
};

struct mpr_retry;

/*
 * A request. The submitter owns it, fills in the first part and keeps it, the
 * iov array and the buffers alive and unchanged until `done` is called.
 */
struct mpr_blk_req {
	enum mpr_blk_op op;
	bool fua;	 /* write: durable before done (as a flush after it) */
	uint64_t offset; /* bytes; any alignment */
	const struct iovec *iov;
	unsigned niov;
	bool report; /* an error is reported, whatever becomes of those of others */
	/* Called once, never from within mpr_blk_submit(). result: 0, or
	 * negative errno. A short transfer never reaches the caller: it is
	 * continued, and -EIO at the end of file. May free req. */
	void (*done)(struct mpr_blk_req *req, int result);

	/* Private to blk/. */
	struct mpr_retry *retry; /* that pauses between two tries, or NULL */
	bool given_up;		 /* no more tries are made */
	void *priv[25];
};

/* Operations and bytes that ended well; bounces and failures as they happen. */
struct mpr_blk_stats {
	uint64_t rd_operations, wr_operations, flush_operations, discard_operations;
	uint64_t rd_bytes, wr_bytes, discard_bytes;
	uint64_t wr_highest_offset; /* the end of the last byte written */
	uint64_t bounced_requests;  /* requests that needed an aligned copy */
	uint64_t bounced_bytes;	    /* bytes copied by the CPU for them */
	uint64_t failed_operations; /* of any kind, and of each: */
	uint64_t failed_rd_operations, failed_wr_operations, failed_flush_operations;
	uint64_t failed_discard_operations;
	enum mpr_blk_op last_failed;	   /* the kind of the latest one, */
	int last_error;			   /* its negative errno; 0: none yet; and */
	enum mpr_blk_on_error last_action; /* what became of it: not MPR_BLK_ENOSPC */
};

struct mpr_blk;

/*
 * Opens an image: a regular file or a block device. It stays locked while it
 * is open: many may read it, or one may write. 0, or negative errno with *error set to a message
 * that names the file, what is wrong and the remedy (free() it).
 */
int mpr_blk_open(struct mpr_uring *ring, const struct mpr_blk_options *options,
		 struct mpr_blk **blk, char **error);

/* 0 and blk is gone; or -EBUSY and nothing happened: requests are in flight
 * (mpr_blk_in_flight()), so reap first, or held. NULL is ignored. */
int mpr_blk_close(struct mpr_blk *blk);

/*
 * Starts a request; mpr_uring_submit() or _wait() sends it to the kernel.
 * Order between requests in flight is undefined: a flush covers the writes
 * that were done before it was submitted. The range must lie in the device;
 * one that does not ends with -EINVAL. A write to a read-only device ends
 * with -EROFS.
 */
void mpr_blk_submit(struct mpr_blk *blk, struct mpr_blk_req *req);

/* From now on, what becomes of a failed read, and of a failed write or flush. A range
 * that is not in the device is always reported, and so is a write that is not allowed. */
void mpr_blk_set_on_error(struct mpr_blk *blk, enum mpr_blk_on_error read,
			  enum mpr_blk_on_error write);

/* Requests that are held, which are not in flight. */
unsigned mpr_blk_held(const struct mpr_blk *blk);
/* Starts those again. */
void mpr_blk_retry(struct mpr_blk *blk);
/* If the request is held, it ends with its error, as if submitted now. If it is in
 * flight, it is not tried again where the kernel cannot do it now. */
void mpr_blk_give_up(struct mpr_blk *blk, struct mpr_blk_req *req);

/*
 * Changes the size of the device, and of the image, to `size` bytes; what is new
 * reads as zeros. Blocks for as long as the file system takes to note it. 0;
 * -EINVAL: the image cannot have that size; -EROFS; -EBUSY: it would shrink under
 * requests in flight; or another negative errno.
 */
int mpr_blk_resize(struct mpr_blk *blk, uint64_t size);

/* Bytes, a multiple of 512: what an image lacks of its last sector reads as
 * zeros, and a write there lengthens it. */
uint64_t mpr_blk_size(const struct mpr_blk *blk);
bool mpr_blk_read_only(const struct mpr_blk *blk);
/* True when discards reach the image. */
bool mpr_blk_discards(const struct mpr_blk *blk);
/* True when completed writes may still be volatile. */
bool mpr_blk_write_cache(const struct mpr_blk *blk);
/* From now on. */
void mpr_blk_set_zeroes(struct mpr_blk *blk, enum mpr_blk_zeroes zeroes);
enum mpr_blk_zeroes mpr_blk_zeroes_mode(const struct mpr_blk *blk);
/* Whether others may write to the image, who must share it, too: readers are not
 * told from them. 0, or -EBUSY: others use it. An image that is open read-only is
 * shared with all readers anyway. */
int mpr_blk_share(struct mpr_blk *blk, bool share);
/* From now on they may, if the cache mode had them durable. Nothing is in flight. */
void mpr_blk_enable_write_cache(struct mpr_blk *blk);
enum mpr_blk_cache mpr_blk_cache_mode(const struct mpr_blk *blk);
unsigned mpr_blk_in_flight(const struct mpr_blk *blk);
const struct mpr_blk_stats *mpr_blk_stats(const struct mpr_blk *blk);

#endif

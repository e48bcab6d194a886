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
	MPR_BLK_ZEROES_RANGE, /* the file system marks the range as zero */
	MPR_BLK_ZEROES_UNMAP, /* the same, and frees its blocks */
};

struct mpr_blk_options {
	const char *file;
	const char *format; /* "raw"; NULL: the same, if the file is not of a known format */
	enum mpr_blk_cache cache;
	bool read_only;
	bool share;   /* as mpr_blk_share(true) */
	bool no_lock; /* neither takes a lock nor heeds those of others */
	bool discard; /* discards reach the image; otherwise they have no effect */
	enum mpr_blk_zeroes zeroes;
	/* Poll the device for completions instead of waiting for interrupts, which takes a
	 * processor while I/O is in flight. With direct I/O only. */
	bool iopoll;
};

/* A discard tells the image that it need not store the range any more. Only the lengths
 * of its elements are used. */
enum mpr_blk_op { MPR_BLK_READ, MPR_BLK_WRITE, MPR_BLK_FLUSH, MPR_BLK_DISCARD };

/* What becomes of a request that failed (QEMU's rerror= and werror=). */
enum mpr_blk_on_error {
	MPR_BLK_REPORT, /* it ends with the error (default) */
	MPR_BLK_IGNORE, /* it ends as if it had gone well */
	MPR_BLK_ENOSPC, /* no space left: MPR_BLK_STOP; otherwise MPR_BLK_REPORT */
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
	bool report; /* its error is reported, whatever mpr_blk_set_on_error() said */
	/* Called once, never from within mpr_blk_submit(). result: 0, or
	 * negative errno. A short transfer never reaches the caller: it is
	 * continued, and -EIO at the end of file. May free req. */
	void (*done)(struct mpr_blk_req *req, int result);

	/* Private to blk/. */
	struct mpr_retry *retry; /* the pause between two tries that it is in, or NULL */
	bool given_up;		 /* it is not tried again */
	void *priv[25];
};

/* Operations and bytes are counted when they succeed, bounces and failures when they
 * happen. */
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
 * Opens an image: a regular file or a block device. It is locked while it is open: many
 * may read it, or one may write. 0, or negative errno with *error set to a message that
 * names the file, what is wrong and the remedy (free() it).
 */
int mpr_blk_open(struct mpr_uring *ring, const struct mpr_blk_options *options,
		 struct mpr_blk **blk, char **error);

/* 0: blk has been freed. -EBUSY: it has not, because requests are in flight
 * (mpr_blk_in_flight(); reap first) or held. NULL is ignored. */
int mpr_blk_close(struct mpr_blk *blk);

/*
 * Starts a request; mpr_uring_submit() or _wait() sends it to the kernel.
 * Requests in flight have no order: a flush covers the writes that were done before it
 * was submitted. A range beyond the device ends with -EINVAL, a write to a read-only
 * device with -EROFS.
 */
void mpr_blk_submit(struct mpr_blk *blk, struct mpr_blk_req *req);

/* From now on, what becomes of a failed read, and of a failed write, flush or discard. A
 * range beyond the device and a write to a read-only one are always reported. */
void mpr_blk_set_on_error(struct mpr_blk *blk, enum mpr_blk_on_error read,
			  enum mpr_blk_on_error write);

/* The number of requests that are held; they are not in flight. */
unsigned mpr_blk_held(const struct mpr_blk *blk);
/* Submits them again. */
void mpr_blk_retry(struct mpr_blk *blk);
/* A held request ends with its error, from mpr_uring_reap(). One in flight is not tried
 * again if the kernel answers EAGAIN or EINTR. */
void mpr_blk_give_up(struct mpr_blk *blk, struct mpr_blk_req *req);

/*
 * Changes the size of the device, and of the image, to `size` bytes; added bytes read as
 * zeros. Blocks while the file system does it. 0; -EINVAL: the image cannot have that
 * size; -EROFS; -EBUSY: it would shrink with requests in flight; or another negative
 * errno.
 */
int mpr_blk_resize(struct mpr_blk *blk, uint64_t size);

/* Bytes, a multiple of 512: the missing part of an image's last sector reads as zeros,
 * and a write there extends the file. */
uint64_t mpr_blk_size(const struct mpr_blk *blk);
bool mpr_blk_read_only(const struct mpr_blk *blk);
/* True when discards reach the image. */
bool mpr_blk_discards(const struct mpr_blk *blk);
/* True when completed writes may still be volatile. */
bool mpr_blk_write_cache(const struct mpr_blk *blk);
/* From now on. */
void mpr_blk_set_zeroes(struct mpr_blk *blk, enum mpr_blk_zeroes zeroes);
enum mpr_blk_zeroes mpr_blk_zeroes_mode(const struct mpr_blk *blk);
/* Whether others may have the image open for writing, if they share it, too (the lock
 * does not distinguish them from readers). 0, or -EBUSY: others have it open. An image
 * that is open read-only is shared with all readers anyway. */
int mpr_blk_share(struct mpr_blk *blk, bool share);
/* From now on they may be. Call it while nothing is in flight. */
void mpr_blk_enable_write_cache(struct mpr_blk *blk);
enum mpr_blk_cache mpr_blk_cache_mode(const struct mpr_blk *blk);
unsigned mpr_blk_in_flight(const struct mpr_blk *blk);
const struct mpr_blk_stats *mpr_blk_stats(const struct mpr_blk *blk);

#endif

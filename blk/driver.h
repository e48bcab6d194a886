/* SPDX-License-Identifier: MIT */
/*
 * Between the generic block layer (blk.c) and the drivers of image formats.
 * Private to blk/.
 */
#ifndef MPR_BLK_DRIVER_H
#define MPR_BLK_DRIVER_H

#include <stddef.h>

#include "blk/blk.h"

struct mpr_blk_driver {
	const char *format;
	/* Allocates the device, zeroed, and sets its size; the generic layer
	 * fills in the rest. Errors as in mpr_blk_open(). */
	int (*open)(struct mpr_uring *ring, const struct mpr_blk_options *options,
		    struct mpr_blk **blk, char **error);
	/* Nothing is in flight. Frees blk. */
	void (*close)(struct mpr_blk *blk);
	/* A request that was checked: a flush, or in range, allowed and of at
	 * least one byte; a discard only if blk->discard. Ends with mpr_blk_finish(), later. */
	void (*submit)(struct mpr_blk *blk, struct mpr_blk_req *req, uint64_t len);
	/* As mpr_blk_share(), of an image that is writable. */
	int (*share)(struct mpr_blk *blk, bool share);
	/* Changes the image's size, which the generic layer has checked to be a
	 * multiple of 512 bytes and then notes. 0 or negative errno. */
	int (*resize)(struct mpr_blk *blk, uint64_t size);
};

extern const struct mpr_blk_driver mpr_blk_raw;

/* A block device; a driver's state starts with it. */
struct mpr_blk {
	const struct mpr_blk_driver *driver;
	struct mpr_uring *ring;
	uint64_t size;
	bool read_only;
	bool discard;
	enum mpr_blk_zeroes zeroes; /* a driver that cannot note them resets it */
	enum mpr_blk_cache cache;
	unsigned in_flight;
	struct mpr_blk_stats stats;
	enum mpr_blk_on_error on_error[2]; /* of a read, of a write */
	struct mpr_blk_req *held;	   /* the oldest first */
};

/* Bytes of the private part of a request that are the driver's. */
#define MPR_BLK_PRIV_SIZE sizeof(((struct mpr_blk_req *)0)->priv)

#define mpr_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif

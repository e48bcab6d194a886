/* SPDX-License-Identifier: MIT */
/* Images for the tests of blk/, and requests that are waited for. */
#ifndef MPR_TESTS_BLK_IMAGE_H
#define MPR_TESTS_BLK_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "blk/blk.h"

/* A file of `size` bytes, byte i being image_byte(i). free() the path after
 * image_remove(). */
char *image_create(uint64_t size);
void image_remove(char *path);
uint8_t image_byte(uint64_t offset);

/* Opens the image or fails the test. NULL: direct I/O is asked for, and the test's file system
 * has none; skip. */
struct mpr_blk *image_open(struct mpr_uring *ring, const char *path, enum mpr_blk_cache cache);

/* Makes one request and waits for its result. */
int image_request(struct mpr_uring *ring, struct mpr_blk *blk, enum mpr_blk_op op, uint64_t offset,
		  const struct iovec *iov, unsigned niov);
/* The same with one buffer. */
int image_read(struct mpr_uring *ring, struct mpr_blk *blk, uint64_t offset, void *buf, size_t len);
int image_write(struct mpr_uring *ring, struct mpr_blk *blk, uint64_t offset, const void *buf,
		size_t len);

/* Memory aligned to 4096. Fails the test when there is none. */
void *image_memory(size_t size);

/* The file's bytes as other programs see them. free() them. */
uint8_t *image_contents(const char *path, uint64_t *size);

#endif

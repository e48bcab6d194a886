/* SPDX-License-Identifier: MIT */
/* The memory of a transfer, in order. */
#ifndef MPR_DEV_LSI53C895A_SEGMENTS_H
#define MPR_DEV_LSI53C895A_SEGMENTS_H

#include "dev/lsi53c895a/state.h"

/* Appends mapped guest memory at addr: bytes taken (1 to len) or -errno. */
ssize_t lsi_segments_map(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			 enum mpr_dma_dir dir);
/* Appends a copy of memory. The last possible piece takes all that follows,
 * up to `rest` bytes. Bytes taken or -errno. */
ssize_t lsi_segments_copy(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			  size_t rest);
/* True when only one more piece fits. */
bool lsi_segments_nearly_full(const struct lsi_segments *s);
/* The next bytes in order, at *p and at *addr on the bus; how many are together
 * there, up to len; 0: none are left. */
size_t lsi_segments_peek(const struct lsi_segments *s, size_t len, uint8_t **p, uint64_t *addr);
/* Goes on by n bytes, or to the end. */
void lsi_segments_consume(struct lsi_segments *s, size_t n);
/* Gives the memory back. */
void lsi_segments_release(struct lsi_chip *chip, struct lsi_segments *s);
void lsi_segments_fini(struct lsi_segments *s);

#endif

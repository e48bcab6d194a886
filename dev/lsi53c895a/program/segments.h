/* SPDX-License-Identifier: MIT */
/* Scatter/gather lists. */
#ifndef MPR_DEV_LSI53C895A_PROGRAM_SEGMENTS_H
#define MPR_DEV_LSI53C895A_PROGRAM_SEGMENTS_H

#include "dev/lsi53c895a/chip/state.h"

/* Maps guest memory and appends it: bytes mapped (1 to len) or -errno. */
ssize_t lsi_segments_map(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			 enum mpr_dma_dir dir);
/* Appends a copy of memory: bytes copied (1 to len) or -errno. If only one more piece
 * fits, it is allocated for the `rest` bytes that will follow. */
ssize_t lsi_segments_copy(struct lsi_chip *chip, struct lsi_segments *s, uint64_t addr, size_t len,
			  size_t rest);
/* True if only one more piece fits. */
bool lsi_segments_nearly_full(const struct lsi_segments *s);
/* The next bytes, mapped at *p, with the bus address *addr: how many are contiguous, at
 * most len; 0: none are left. */
size_t lsi_segments_peek(const struct lsi_segments *s, size_t len, uint8_t **p, uint64_t *addr);
/* Advances by n bytes, or to the end. */
void lsi_segments_consume(struct lsi_segments *s, size_t n);
/* Unmaps and frees the pieces; the lists stay allocated for the next use. */
void lsi_segments_release(struct lsi_chip *chip, struct lsi_segments *s);
void lsi_segments_fini(struct lsi_segments *s);

#endif

/* SPDX-License-Identifier: MIT */
/* Whether memory holds nothing but zeros. Private to blk/. */
#ifndef MPR_BLK_ZEROES_H
#define MPR_BLK_ZEROES_H

#include <stdbool.h>
#include <sys/uio.h>

/* True when every byte of the elements is 0. The memory may change meanwhile. */
bool mpr_is_zero(const struct iovec *iov, unsigned niov);

#endif

/* SPDX-License-Identifier: MIT */
/* Scatter lists: the adapter's memory as iovecs. */
#ifndef MPR_DEV_SCSI_SG_H
#define MPR_DEV_SCSI_SG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Bytes in all. */
uint64_t scsi_sg_length(const struct iovec *sg, unsigned nsg);

/* How many leading elements hold the first `len` bytes; *last gets the bytes
 * that the last of them contributes. The list holds at least `len` > 0. */
unsigned scsi_sg_prefix(const struct iovec *sg, uint64_t len, size_t *last);

/* Copies `len` bytes from `offset` on to `out`; returns how many were there. */
size_t scsi_sg_gather(const struct iovec *sg, unsigned nsg, size_t offset, void *out, size_t len);

/* Compares the first `len` bytes with `data`: the offset of the first
 * difference, `len` if there is none. */
size_t scsi_sg_compare(const struct iovec *sg, unsigned nsg, const void *data, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/* Making the drives' completed writes durable before the process ends. */
#ifndef MPR_REMOTE_STORAGE_FLUSH_H
#define MPR_REMOTE_STORAGE_FLUSH_H

#include "remote/storage/drives.h"

/* Submits a flush of a drive if it may need it. */
void mpr_flush_drive(const struct mpr_drive *drive);

/* Submits a flush for every drive that may need it; they are done when
 * mpr_drives_idle() says so. Failures are logged. */
void mpr_flush_start(struct mpr_storage *storage);

#endif

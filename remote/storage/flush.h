/* SPDX-License-Identifier: MIT */
/* Making the drives' completed writes durable before the process ends. */
#ifndef MPR_REMOTE_STORAGE_FLUSH_H
#define MPR_REMOTE_STORAGE_FLUSH_H

#include "remote/storage/drives.h"

/* Submits a flush if the drive has a write cache. A failure is logged. */
void mpr_flush_drive(const struct mpr_drive *drive);

/* Does so for every drive; they are done when mpr_drives_idle() says so. */
void mpr_flush_start(struct mpr_storage *storage);

#endif

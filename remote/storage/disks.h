/* SPDX-License-Identifier: MIT */
/* -device scsi-hd and its like: attaching a drive to an adapter's bus. */
#ifndef MPR_REMOTE_STORAGE_DISKS_H
#define MPR_REMOTE_STORAGE_DISKS_H

#include "dev/bus.h"
#include "remote/storage/drives.h"

/* The adapters and drives are built. As mpr_drives_build(). */
int mpr_disk_build(struct mpr_storage *storage, const struct mpr_disk_ops *ops,
		   struct mpr_opts *opts, char **error);

/* The tray of the drive's disk; none if it has no disk, or none that is removable. */
struct mpr_tray mpr_disk_tray(const struct mpr_drive *drive);

#endif

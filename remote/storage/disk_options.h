/* SPDX-License-Identifier: MIT */
/* The properties of -device scsi-hd that describe the disk. */
#ifndef MPR_REMOTE_STORAGE_DISK_OPTIONS_H
#define MPR_REMOTE_STORAGE_DISK_OPTIONS_H

#include "dev/scsi/disk.h"
#include "remote/storage/drives.h"

/*
 * Reads them; what they do not say the drive's option may. The SCSI ID is left alone if
 * none is given. Strings are owned by the options. 0, or -EINVAL with *error set to a
 * message (free() it).
 */
int mpr_disk_options_get(const struct mpr_opts *opts, const struct mpr_drive *drive,
			 struct mpr_scsi_disk_options *options, char **error);

#endif

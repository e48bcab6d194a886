/* SPDX-License-Identifier: MIT */
/* -drive and -blockdev: opening the disk images. */
#ifndef MPR_REMOTE_STORAGE_IMAGES_H
#define MPR_REMOTE_STORAGE_IMAGES_H

#include "remote/storage/drives.h"

/*
 * The lock of a process that was killed stays until the kernel has ended the last of its
 * writes, which must not land after ours. So a locked image is tried again for a while
 * before it is said to be in use.
 */
#define MPR_DRIVE_LOCK_WAIT_MS 3000
#define MPR_DRIVE_LOCK_RETRY_MS 50

/* Opens every drive of the command line. Blocks while images are locked, all together for
 * MPR_DRIVE_LOCK_WAIT_MS at most. 0, or negative errno with *error set to a message that
 * quotes the option (free() it). */
int mpr_drives_build(struct mpr_storage *storage, const struct mpr_option_list *drives,
		     const struct mpr_option_list *blockdevs, char **error);

/* Opens one, a -blockdev or a -drive, without blocking. -EBUSY: the image is locked.
 * Otherwise as above. */
int mpr_drive_open(struct mpr_storage *storage, struct mpr_opts *opts, bool blockdev, char **error);
/* Closes one, which must have no I/O in flight and no disk. */
void mpr_drive_close(struct mpr_storage *storage, struct mpr_drive *drive);

/* Sets what is done about failed requests (rerror=, werror=): what the disk's option says
 * (NULL: there is none), else what the drive's does. Results as above. */
int mpr_drive_set_on_error(const struct mpr_drive *drive, const struct mpr_opts *disk,
			   char **error);

#endif

/* SPDX-License-Identifier: MIT */
/* -drive and -blockdev: opening the disk images. */
#ifndef MPR_REMOTE_STORAGE_IMAGES_H
#define MPR_REMOTE_STORAGE_IMAGES_H

#include "remote/storage/drives.h"

/*
 * An image may be locked a little longer than a process that was killed has used it:
 * until the kernel has ended the last of its writes, which must not land after ours.
 * So a locked image is tried again for a while before it is said to be in use.
 */
#define MPR_DRIVE_LOCK_WAIT_MS 3000
#define MPR_DRIVE_LOCK_RETRY_MS 50

/* Opens every drive of the command line; waits for their locks, for all together no
 * longer than MPR_DRIVE_LOCK_WAIT_MS. 0, or negative errno with *error set to a message
 * that quotes the option (free() it); as all that is built here. */
int mpr_drives_build(struct mpr_storage *storage, const struct mpr_option_list *drives,
		     const struct mpr_option_list *blockdevs, char **error);

/* Opens one; `blockdev` says which of the two it is. -EBUSY: the image is locked. */
int mpr_drive_open(struct mpr_storage *storage, struct mpr_opts *opts, bool blockdev, char **error);
/* Closes one, which has no I/O in flight and no disk. */
void mpr_drive_close(struct mpr_storage *storage, struct mpr_drive *drive);

/* Sets what becomes of failed requests: as the -device scsi-hd says (NULL: there is
 * none), else as the drive's option does. */
int mpr_drive_set_on_error(const struct mpr_drive *drive, const struct mpr_opts *disk,
			   char **error);

#endif

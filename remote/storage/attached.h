/* SPDX-License-Identifier: MIT */
/* -drive if=scsi: drives that describe their disks, too. */
#ifndef MPR_REMOTE_STORAGE_ATTACHED_H
#define MPR_REMOTE_STORAGE_ATTACHED_H

#include "remote/storage/drives.h"

/* Gives each such drive, as QEMU does, a place (bus=, unit=) and an
 * id from it, unless it has them. Before the drives are opened. As mpr_drives_build(). */
int mpr_attached_place(const struct mpr_option_list *drives, char **error);

/* Adds their disks to the devices, and builds them: the adapters and drives are built.
 * As mpr_drives_build(). */
int mpr_attached_build(struct mpr_storage *storage, const struct mpr_option_list *drives,
		       char **error);

#endif

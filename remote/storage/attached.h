/* SPDX-License-Identifier: MIT */
/* -drive if=scsi: drives that describe their disks, too. */
#ifndef MPR_REMOTE_STORAGE_ATTACHED_H
#define MPR_REMOTE_STORAGE_ATTACHED_H

#include "remote/storage/drives.h"

/* Gives each such drive that lacks them a place (bus=, unit=), numbered as by QEMU, and an
 * id made of it. Call it before the drives are opened. Results as of mpr_drives_build(). */
int mpr_attached_place(const struct mpr_option_list *drives, char **error);

/* Builds their disks and adds them to the -device options. The adapters and drives must be
 * there. Results as of mpr_drives_build(). */
int mpr_attached_build(struct mpr_storage *storage, const struct mpr_option_list *drives,
		       char **error);

#endif

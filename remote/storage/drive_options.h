/* SPDX-License-Identifier: MIT */
/* What -drive and -blockdev say of an image, in QEMU's words. */
#ifndef MPR_REMOTE_STORAGE_DRIVE_OPTIONS_H
#define MPR_REMOTE_STORAGE_DRIVE_OPTIONS_H

#include "blk/blk.h"
#include "opts/opts.h"

/*
 * Check a -drive or a -blockdev, and read how the image is to be opened. Strings are owned
 * by the option. *fall_back: if the image cannot be written, open it read-only. 0, or
 * -EINVAL with *error set to a message (free() it).
 */
int mpr_drive_options_get(const struct mpr_opts *opts, struct mpr_blk_options *options,
			  bool *fall_back, char **error);
int mpr_blockdev_options_get(const struct mpr_opts *opts, struct mpr_blk_options *options,
			     bool *fall_back, char **error);

/* The same of a -blockdev on top of the node of an open image: it must say the same as
 * that or nothing, except that its detect-zeroes= takes effect. */
int mpr_node_options_apply(const struct mpr_opts *opts, struct mpr_blk *base, char **error);

/* The values of detect-zeroes=, by enum mpr_blk_zeroes; ended by NULL. */
extern const char *const mpr_zeroes_names[];

/* True for -drive if=scsi: the option describes the disk, too. */
bool mpr_drive_is_attached(const struct mpr_opts *opts);

#endif

/* SPDX-License-Identifier: MIT */
/* What -drive and -blockdev say of an image, in QEMU's words. */
#ifndef MPR_REMOTE_STORAGE_DRIVE_OPTIONS_H
#define MPR_REMOTE_STORAGE_DRIVE_OPTIONS_H

#include "blk/blk.h"
#include "opts/opts.h"

/*
 * Checks the option, and reads how the image is to be opened; `blockdev` says which of
 * the two it is. Strings are owned by the option. *fall_back: read-only will do. 0, or
 * -EINVAL with *error set to a message (free() it).
 */
int mpr_drive_options_get(const struct mpr_opts *opts, bool blockdev,
			  struct mpr_blk_options *options, bool *fall_back, char **error);

/* The same of a -blockdev that stands on the node of an image that is open: it must
 * say the same, or nothing, but that its detect-zeroes= holds from now on. */
int mpr_node_options_apply(const struct mpr_opts *opts, struct mpr_blk *base, char **error);

/* Of detect-zeroes=, by enum mpr_blk_zeroes; ended by NULL. */
extern const char *const mpr_zeroes_names[];

/* True for -drive if=scsi: the option describes the disk, too. */
bool mpr_drive_is_attached(const struct mpr_opts *opts);

#endif

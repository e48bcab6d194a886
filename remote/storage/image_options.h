/* SPDX-License-Identifier: MIT */
/*
 * What -drive and -blockdev both say of an image. Private to remote/storage/.
 *
 * Functions that get a value return 0, or -EINVAL with *error set to a message (free() it).
 */
#ifndef MPR_REMOTE_STORAGE_IMAGE_OPTIONS_H
#define MPR_REMOTE_STORAGE_IMAGE_OPTIONS_H

#include "blk/blk.h"
#include "opts/opts.h"

/* The properties of a file's node. */
#define MPR_IMAGE_OF_FILE(prefix)                                                               \
	prefix "driver", prefix "node-name", prefix "filename", prefix "aio", prefix "locking", \
		prefix "read-only", prefix "auto-read-only", prefix "force-share",              \
		prefix "discard", prefix "detect-zeroes", prefix "cache.direct",                \
		prefix "cache.no-flush", prefix "iopoll"

/* A cache mode in its parts. */
struct mpr_image_cache {
	bool direct, no_flush, writeback;
};

/* Refuses properties that are neither `known` (ended by NULL) nor accepted with the value
 * that they have. */
int mpr_image_check_names(const struct mpr_opts *opts, const char *const *known, char **error);
/* Refuses an option that lacks `what`. */
int mpr_image_missing(const struct mpr_opts *opts, const char *what, char **error);

/* True for the drivers of a file's node. */
bool mpr_image_is_file_driver(const char *driver);

/* Cache, locking, read-only and the way of I/O. *cache: what is said elsewhere. */
int mpr_image_get_common(const struct mpr_opts *opts, struct mpr_image_cache *cache,
			 struct mpr_blk_options *options, bool *fall_back, char **error);

int mpr_image_get_discard(const struct mpr_opts *opts, const char *key, bool *discard,
			  char **error);
int mpr_image_get_zeroes(const struct mpr_opts *opts, const char *key, enum mpr_blk_zeroes *zeroes,
			 char **error);
/* The same of a node, where unmap needs discard. */
int mpr_image_get_zeroes_of_node(const struct mpr_opts *opts, const char *key, bool discard,
				 enum mpr_blk_zeroes *zeroes, char **error);
/* Without discard zeroes are not unmapped either. */
void mpr_image_bound_zeroes(struct mpr_blk_options *options);

#endif

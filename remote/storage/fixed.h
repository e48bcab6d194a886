/* SPDX-License-Identifier: MIT */
/* Properties that are accepted with the values that say what is done anyway, and
 * refused by name, with the reason, when they ask for something else. */
#ifndef MPR_REMOTE_STORAGE_FIXED_H
#define MPR_REMOTE_STORAGE_FIXED_H

#include <stddef.h>

#include "opts/opts.h"

#define MPR_FIXED_VALUES 5

struct mpr_fixed {
	const char *key;		      /* ending with ".": all that begin so */
	const char *values[MPR_FIXED_VALUES]; /* that are accepted, ended by NULL; without any, none
						 is */
	const char *reason;		      /* why not others */
};

/* On and off in QEMU's words. */
#define MPR_FIXED_ON                     \
	{                                \
		"on", "yes", "true", "y" \
	}
#define MPR_FIXED_OFF                     \
	{                                 \
		"off", "no", "false", "n" \
	}

/* The entry of `fixed` that stands for a key, or NULL. */
const struct mpr_fixed *mpr_fixed_find(const struct mpr_fixed *fixed, size_t count,
				       const char *key);

/* 0, or -EINVAL with *error set to a message (free() it). */
int mpr_fixed_check(const struct mpr_opts *opts, const struct mpr_fixed *fixed, size_t count,
		    char **error);

#endif

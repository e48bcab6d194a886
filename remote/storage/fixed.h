/* SPDX-License-Identifier: MIT */
/* Properties that are only accepted with values that ask for what is done anyway. Other
 * values are refused, with the reason. */
#ifndef MPR_REMOTE_STORAGE_FIXED_H
#define MPR_REMOTE_STORAGE_FIXED_H

#include <stddef.h>

#include "opts/opts.h"

#define MPR_FIXED_VALUES 5

struct mpr_fixed {
	const char *key;		      /* "x." stands for all keys that begin so */
	const char *values[MPR_FIXED_VALUES]; /* accepted ones, ended by NULL; there may be none */
	const char *reason;		      /* why others are not */
};

/* QEMU's words for on and off. */
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

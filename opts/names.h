/* SPDX-License-Identifier: MIT */
/* "there is: d0, d1": the names that exist, for a message about one that does not. */
#ifndef MPR_OPTS_NAMES_H
#define MPR_OPTS_NAMES_H

#include <stddef.h>

/* `name(i, opaque)` returns the names, i from 0 to count - 1. If count is 0: "there is
 * none". free() it; NULL: out of memory. */
char *mpr_names(size_t count, const char *(*name)(size_t i, const void *opaque),
		const void *opaque);

#endif

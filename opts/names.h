/* SPDX-License-Identifier: MIT */
/* "(there is: d0, d1)": what a message offers instead of a name that is not. */
#ifndef MPR_OPTS_NAMES_H
#define MPR_OPTS_NAMES_H

#include <stddef.h>

/* `name(i, opaque)` gives the names, i from 0 to count - 1. "there is none" when
 * count is 0. free() it; NULL when out of memory. */
char *mpr_names(size_t count, const char *(*name)(size_t i, const void *opaque),
		const void *opaque);

#endif

/* SPDX-License-Identifier: MIT */
/* "Did you mean": the known name with the smallest edit distance. */
#include <string.h>

#include "opts/opts.h"

#define MAX_NAME 48 /* longer names have no nearest one */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, row by row; `b` has at most MAX_NAME bytes. */
static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_NAME + 1];
	size_t b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *mpr_nearest(const char *name, const char *const *names)
{
	size_t best = strlen(name) / 3 + 2; /* what is further away is no misspelling */
	const char *nearest = NULL;

	if (strlen(name) > MAX_NAME)
		return NULL;
	for (; *names; names++) {
		size_t d = strlen(*names) > MAX_NAME ? best : distance(name, *names);

		/* With as many edits as letters, any word becomes any other. */
		if (d < best && d < strlen(*names)) {
			best = d;
			nearest = *names;
		}
	}
	return nearest;
}

/* SPDX-License-Identifier: MIT */
#include "opts/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *mpr_names(size_t count, const char *(*name)(size_t i, const void *opaque), const void *opaque)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!count)
		return strdup("there is none");
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : "there is: ", name(i, opaque));
	fclose(out);
	return text;
}

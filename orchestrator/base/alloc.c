/* SPDX-License-Identifier: MIT */
#include "orchestrator/base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *mpr_need(void *memory)
{
	if (memory)
		return memory;
	fputs("mpring: out of memory\n", stderr);
	exit(1);
}

void mpr_need_ok(int err)
{
	(void)mpr_need(err ? NULL : &err);
}

void *mpr_need_array(size_t count, size_t size)
{
	return mpr_need(calloc(count ? count : 1, size));
}

char *mpr_need_text(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return mpr_need(n < 0 ? NULL : text);
}

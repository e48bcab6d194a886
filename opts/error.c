/* SPDX-License-Identifier: MIT */
#include "opts/error.h"

#include <stdarg.h>
#include <stdio.h>

char *mpr_errorf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return text;
}

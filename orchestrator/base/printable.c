/* SPDX-License-Identifier: MIT */
#include "orchestrator/base/printable.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "orchestrator/base/alloc.h"

#define LENGTH_MAX 512

static char *filter(const char *text, const char *also, size_t length_max)
{
	char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);
	const char *at = valid;
	char *copy;

	for (size_t i = 0; i < length_max && *at; i++, at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);
		bool harmless = g_unichar_isprint(character) || strchr(also, *at);

		g_string_append_unichar(out, harmless ? character : '?');
	}
	if (*at)
		g_string_append(out, "...");
	copy = mpr_need_text("%s", out->str);
	g_string_free(out, TRUE);
	g_free(valid);
	return copy;
}

char *mpr_printable(const char *text)
{
	return filter(text, "", LENGTH_MAX);
}

char *mpr_printable_lines(const char *text)
{
	return filter(text, "\n\t", SIZE_MAX);
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/printable.h"

#include <glib.h>
#include <string.h>

#include "orchestrator/memory.h"

#define LENGTH_MAX 512

char *mpr_printable(const char *text)
{
	char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);
	const char *at = valid;
	char *copy;

	for (int i = 0; i < LENGTH_MAX && *at; i++, at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);

		g_string_append_unichar(out, g_unichar_isprint(character) ? character : '?');
	}
	if (*at)
		g_string_append(out, "...");
	copy = mpr_need_text("%s", out->str);
	g_string_free(out, TRUE);
	g_free(valid);
	return copy;
}

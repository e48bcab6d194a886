/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/json_text.h"

#include <string.h>

struct writer {
	GString *text;
	bool pretty;
	unsigned depth;
};

/* ---- Strings ------------------------------------------------------------ */

static void put_escape(GString *text, gunichar c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *at = shorts; *at; at += 2) {
		if (c != (unsigned char)*at)
			continue;
		g_string_append_printf(text, "\\%c", at[1]);
		return;
	}
	if (c >= 0x10000) { /* a pair of surrogates */
		g_string_append_printf(text, "\\u%04X", 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + (c & 0x3ff);
	}
	g_string_append_printf(text, "\\u%04X", c);
}

static bool is_plain(gunichar c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_string(GString *text, const char *string, size_t len)
{
	const char *end = string + len;

	g_string_append_c(text, '"');
	while (string < end) {
		gunichar c = g_utf8_get_char_validated(string, end - string);
		bool valid = c < (gunichar)-2;

		if (!*string)
			c = 0;
		else if (!valid)
			c = 0xfffd;
		if (is_plain(c))
			g_string_append_c(text, (char)c);
		else
			put_escape(text, c);
		string = *string && valid ? g_utf8_next_char(string) : string + 1;
	}
	g_string_append_c(text, '"');
}

/* ---- Values ------------------------------------------------------------- */

static void put_value(struct writer *writer, struct json_object *value);

static void break_line(const struct writer *writer)
{
	if (writer->pretty)
		g_string_append_printf(writer->text, "\r\n%*s", (int)(4 * writer->depth), "");
}

static void begin_entry(const struct writer *writer, bool first)
{
	if (!first)
		g_string_append(writer->text, writer->pretty ? "," : ", ");
	break_line(writer);
}

static void open_bracket(struct writer *writer, char bracket)
{
	g_string_append_c(writer->text, bracket);
	writer->depth++;
}

static void close_bracket(struct writer *writer, char bracket)
{
	writer->depth--;
	break_line(writer);
	g_string_append_c(writer->text, bracket);
}

static void put_object(struct writer *writer, struct json_object *object)
{
	bool first = true;

	open_bracket(writer, '{');
	json_object_object_foreach(object, key, value)
	{
		begin_entry(writer, first);
		put_string(writer->text, key, strlen(key));
		g_string_append(writer->text, ": ");
		put_value(writer, value);
		first = false;
	}
	close_bracket(writer, '}');
}

static void put_list(struct writer *writer, struct json_object *list)
{
	open_bracket(writer, '[');
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		begin_entry(writer, i == 0);
		put_value(writer, json_object_array_get_idx(list, i));
	}
	close_bracket(writer, ']');
}

static void put_value(struct writer *writer, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		put_object(writer, value);
		break;
	case json_type_array:
		put_list(writer, value);
		break;
	case json_type_string:
		put_string(writer->text, json_object_get_string(value),
			   (size_t)json_object_get_string_len(value));
		break;
	default:
		g_string_append(writer->text,
				json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	}
}

void mpr_json_text(GString *text, struct json_object *value, bool pretty)
{
	struct writer writer = {.text = text, .pretty = pretty};

	put_value(&writer, value);
}

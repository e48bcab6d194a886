/* SPDX-License-Identifier: MIT */
#include "monitor/json_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
	FILE *out;
	bool pretty;
	unsigned depth;
};

/* ---- Strings ------------------------------------------------------------ */

/* The bytes of the character that a string begins with, or 0: there is no valid one. */
static size_t decode(const unsigned char *string, size_t len, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = *string;
	size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (!size || size > len || first >= 0xf8)
		return 0;
	*c = size == 1 ? first : first & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((string[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (string[i] & 0x3f);
	}
	return *c < least[size] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000) ? 0 : size;
}

static void put_escape(FILE *out, uint32_t c)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *at = shorts; *at; at += 2) {
		if (c != (unsigned char)*at)
			continue;
		fprintf(out, "\\%c", at[1]);
		return;
	}
	if (c >= 0x10000) { /* a pair of surrogates */
		fprintf(out, "\\u%04X", 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + (c & 0x3ff);
	}
	fprintf(out, "\\u%04X", c);
}

static bool is_plain(uint32_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_string(FILE *out, const char *string, size_t len)
{
	putc('"', out);
	while (len) {
		uint32_t c;
		size_t size = decode((const unsigned char *)string, len, &c);

		if (!size)
			c = 0xfffd;
		if (is_plain(c))
			putc((int)c, out);
		else
			put_escape(out, c);
		string += size ? size : 1;
		len -= size ? size : 1;
	}
	putc('"', out);
}

/* ---- Values ------------------------------------------------------------- */

static void put_value(struct writer *writer, struct json_object *value);

static void break_line(const struct writer *writer)
{
	if (writer->pretty)
		fprintf(writer->out, "\r\n%*s", (int)(4 * writer->depth), "");
}

static void begin_entry(const struct writer *writer, bool first)
{
	if (!first)
		fputs(writer->pretty ? "," : ", ", writer->out);
	break_line(writer);
}

static void open_bracket(struct writer *writer, char bracket)
{
	putc(bracket, writer->out);
	writer->depth++;
}

static void close_bracket(struct writer *writer, char bracket)
{
	writer->depth--;
	break_line(writer);
	putc(bracket, writer->out);
}

static void put_object(struct writer *writer, struct json_object *object)
{
	bool first = true;

	open_bracket(writer, '{');
	json_object_object_foreach(object, key, value)
	{
		begin_entry(writer, first);
		put_string(writer->out, key, strlen(key));
		fputs(": ", writer->out);
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
		put_string(writer->out, json_object_get_string(value),
			   (size_t)json_object_get_string_len(value));
		break;
	default:
		fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), writer->out);
	}
}

char *mpr_json_text(struct json_object *value, bool pretty)
{
	struct writer writer = {.pretty = pretty};
	char *text = NULL;
	size_t size;
	bool failed;

	writer.out = open_memstream(&text, &size);
	if (!writer.out)
		return NULL;
	put_value(&writer, value);
	failed = ferror(writer.out);
	if (fclose(writer.out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

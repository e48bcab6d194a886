/* SPDX-License-Identifier: MIT */
/* Proves that JSON is written as QEMU's monitor writes it. */
#include <stdlib.h>

#include "monitor/json_text.h"
#include "tests/common/unit.h"

static void assert_written(const char *json, bool pretty, const char *expected)
{
	struct json_object *value = json_tokener_parse(json);
	char *text = mpr_json_text(value, pretty);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	json_object_put(value);
}

UNIT_TEST(on_one_line)
{
	assert_written("{\"a\":[1,-2.50,true,null,\"x\"],\"b\":{},\"c\":[]}", false,
		       "{\"a\": [1, -2.50, true, null, \"x\"], \"b\": {}, \"c\": []}");
}

UNIT_TEST(on_several_lines)
{
	assert_written("{\"a\":[1,{\"b\":2}],\"c\":{}}", true,
		       "{\r\n    \"a\": [\r\n        1,\r\n        {\r\n            \"b\": 2\r\n"
		       "        }\r\n    ],\r\n    \"c\": {\r\n    }\r\n}");
}

UNIT_TEST(strings_are_ascii)
{
	assert_written("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\"", false,
		       "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007F\"");
	assert_written("\"\\u00e4\\ud83d\\ude00\"", false, "\"\\u00E4\\uD83D\\uDE00\"");
	assert_written("\"a\\u0000b\"", false, "\"a\\u0000b\"");
	assert_written("\"a\xff\xc3\"", false, "\"a\\uFFFD\\uFFFD\"");
	/* What is longer than it must be, half of a pair, and beyond the last character. */
	assert_written("\"\xc0\x80\"", false, "\"\\uFFFD\\uFFFD\"");
	assert_written("\"\xed\xa0\x80\"", false, "\"\\uFFFD\\uFFFD\\uFFFD\"");
	assert_written("\"\xf4\x90\x80\x80\"", false, "\"\\uFFFD\\uFFFD\\uFFFD\\uFFFD\"");
}

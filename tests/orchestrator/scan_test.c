/* SPDX-License-Identifier: MIT */
/* Proves where JSON texts end, however they are cut into pieces, and what is no JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/monitor/scan.h"
#include "tests/common/unit.h"

/* Each text in `input` in "<>"; "!" and one byte for what is bad. */
static char *scan_all(const char *input, size_t len, size_t piece)
{
	struct mpr_scan scan = {0};
	char *text;
	size_t size, taken;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputc('<', out);
	while (len) {
		size_t part = piece < len ? piece : len;
		enum mpr_scanned scanned = mpr_scan(&scan, input, part, &taken);

		assert_true(taken <= part);
		fwrite(input, 1, taken, out);
		if (scanned == MPR_SCAN_WHOLE)
			fputs("><", out);
		if (scanned == MPR_SCAN_BAD) {
			assert_true(taken < part);
			fputs("!", out);
			taken++;
		}
		if (scanned == MPR_SCAN_MORE)
			assert_int_equal(taken, part);
		input += taken;
		len -= taken;
	}
	fclose(out);
	return text;
}

static void assert_scanned(const char *input, const char *expected)
{
	size_t len = strlen(input);

	for (size_t piece = 1; piece <= len; piece++) {
		char *text = scan_all(input, len, piece);

		assert_string_equal(text, expected);
		free(text);
	}
}

UNIT_TEST(texts_end_where_they_close)
{
	assert_scanned("{}", "<{}><");
	assert_scanned("{\"a\": [1, {}]}\r\n{}", "<{\"a\": [1, {}]}><\r\n{}><");
	assert_scanned("[[[]]][]", "<[[[]]]><[]><");
	assert_scanned("{'execute':'stop'}", "<{'execute':'stop'}><");
}

UNIT_TEST(strings_hide_what_they_hold)
{
	assert_scanned("{\"}\": \"\\\"{\", 'a\"}': '\\'}'}",
		       "<{\"}\": \"\\\"{\", 'a\"}': '\\'}'}><");
	assert_scanned("[\"\\\\\"]", "<[\"\\\\\"]><");
	assert_scanned("[\"\xc3\xa4\"]", "<[\"\xc3\xa4\"]><");
}

UNIT_TEST(values_that_stand_alone_are_texts)
{
	assert_scanned("12 true\"x\"[]", "<12>< true><\"x\"><[]><");
	assert_scanned("-0.5e+3,", "<-0.5e+3><,><");
	assert_scanned("null:", "<null><:><");
}

/* As in QEMU, which counts braces and brackets apart, and starts over when one closes that is not
 * open. */
UNIT_TEST(brackets_are_counted_each_kind_apart)
{
	assert_scanned("[}]", "<[}><]><");
	assert_scanned("}{}", "<}><{}><");
	assert_scanned("[{]}", "<[{]}><");
}

UNIT_TEST(what_is_no_token_is_bad)
{
	static const char *const inputs[] = {"A",    "[N",	"01",	"-x",	  "1.x",  "[1.]",
					     "1ex",  "1e+,",	"\"\n", "\"\\\t", "\x01", "#",
					     "\xff", "[\"\xfe", "/",	"+1"};

	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		char *text = scan_all(inputs[i], strlen(inputs[i]), 1);

		if (!strchr(text, '!'))
			fail_msg("%s: %s", inputs[i], text);
		free(text);
	}
}

UNIT_TEST(a_zero_byte_is_bad)
{
	char *text = scan_all("[\0", 2, 2);

	assert_string_equal(text, "<[!");
	free(text);
}

UNIT_TEST(depth_is_limited)
{
	struct mpr_scan scan = {0};
	size_t taken;

	for (int i = 0; i < MPR_SCAN_DEPTH; i++)
		assert_int_equal(mpr_scan(&scan, i & 1 ? "[" : "{", 1, &taken), MPR_SCAN_MORE);
	assert_int_equal(mpr_scan(&scan, "[", 1, &taken), MPR_SCAN_BAD);
	/* ... and it is between texts again. */
	assert_int_equal(mpr_scan(&scan, "{}", 2, &taken), MPR_SCAN_WHOLE);
}

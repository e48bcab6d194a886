/* SPDX-License-Identifier: MIT */
/* Proves that lines are found however the bytes are divided, and that a refused line harms no
 * other. */
#include <string.h>

#include "monitor/line.h"
#include "tests/common/unit.h"

/* Feeds all of it, cut into pieces; the lines, or what is wrong with them, with '|' behind each. */
static const char *cut(const char *data, size_t len, size_t piece)
{
	static char found[3 * MPR_LINE_MAX];
	struct mpr_line line = {0};

	found[0] = '\0';
	while (len) {
		size_t n = mpr_line_take(&line, data, len < piece ? len : piece);

		assert_in_range(n, 1, len);
		data += n;
		len -= n;
		if (!line.whole)
			continue;
		strcat(found, line.wrong ? line.wrong : line.text);
		strcat(found, "|");
	}
	return found;
}

static void assert_cut(const char *data, size_t len, const char *expected)
{
	for (size_t piece = 1; piece <= len; piece++)
		assert_string_equal(cut(data, len, piece), expected);
}

UNIT_TEST(lines_end_in_two_ways)
{
	assert_cut("a\nb c\r\n\n\r\nrest", 14, "a|b c|||");
}

UNIT_TEST(a_zero_byte_hides_nothing)
{
	assert_cut("a\0b\nc\n", 6, "the line has a zero byte|c|");
}

UNIT_TEST(a_line_has_a_limit)
{
	char data[2 * MPR_LINE_MAX], expected[2 * MPR_LINE_MAX];

	memset(data, 'x', sizeof(data));
	memcpy(data + MPR_LINE_MAX, "\na\n", 3);
	memset(expected, 'x', sizeof(expected));
	memcpy(expected + MPR_LINE_MAX, "|a|", 4);
	assert_string_equal(cut(data, MPR_LINE_MAX + 3, 1000), expected);
	memcpy(data + MPR_LINE_MAX, "x\na\n", 4);
	assert_string_equal(cut(data, MPR_LINE_MAX + 4, 1000), "the line is too long|a|");
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/scan.h"

#include <string.h>

enum state {
	BETWEEN, /* tokens */
	STRING,
	ESCAPE, /* after a backslash */
	WORD,
	/* A number after "-", "0", "12", "1.", "1.2", "1e", "1e+", "1e1". */
	MINUS,
	ZERO,
	INTEGER,
	POINT,
	FRACTION,
	EXPONENT,
	EXPONENT_SIGN,
	EXPONENT_DIGITS,
};

/* What to do with a byte. */
enum step {
	TAKE,
	END_WITH,   /* the text ends with it */
	END_BEFORE, /* the text ended before it */
	LOOK_AGAIN, /* a token ended before it */
	BAD,
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Bytes allowed in a string. 0xfe and 0xff never occur in UTF-8; QEMU takes them as requests to
 * resynchronize. */
static bool is_text(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte >= 0x20 && byte < 0xfe;
}

static bool is_nested(const struct mpr_scan *scan)
{
	return (scan->braces > 0 || scan->brackets > 0) && scan->braces >= 0 && scan->brackets >= 0;
}

/* ---- Tokens ------------------------------------------------------------- */

static enum step take_bracket(struct mpr_scan *scan, char c)
{
	scan->braces += (c == '{') - (c == '}');
	scan->brackets += (c == '[') - (c == ']');
	if (scan->braces + scan->brackets > MPR_SCAN_DEPTH)
		return BAD;
	return is_nested(scan) ? TAKE : END_WITH;
}

static enum step begin(struct mpr_scan *scan, enum state state)
{
	scan->state = state;
	return TAKE;
}

static enum step step_between(struct mpr_scan *scan, char c)
{
	if (is_blank(c))
		return TAKE;
	scan->begun = true;
	if (c && strchr("{}[]", c))
		return take_bracket(scan, c);
	if (c == ',' || c == ':')
		return is_nested(scan) ? TAKE : END_WITH;
	scan->quote = c;
	if (c == '"' || c == '\'')
		return begin(scan, STRING);
	if (is_lower(c))
		return begin(scan, WORD);
	if (c == '-')
		return begin(scan, MINUS);
	if (c == '0')
		return begin(scan, ZERO);
	return is_digit(c) ? begin(scan, INTEGER) : BAD;
}

static enum step step_string(struct mpr_scan *scan, char c)
{
	if (!is_text(c))
		return BAD;
	if (scan->state == ESCAPE)
		return begin(scan, STRING);
	if (c == '\\')
		return begin(scan, ESCAPE);
	if (c != scan->quote)
		return TAKE;
	scan->state = BETWEEN;
	return is_nested(scan) ? TAKE : END_WITH;
}

/* A word or a number is over. */
static enum step end_token(struct mpr_scan *scan)
{
	scan->state = BETWEEN;
	return is_nested(scan) ? LOOK_AGAIN : END_BEFORE;
}

static enum step step_exponent(struct mpr_scan *scan, char c)
{
	if (is_digit(c))
		return begin(scan, EXPONENT_DIGITS);
	if (scan->state == EXPONENT && (c == '+' || c == '-'))
		return begin(scan, EXPONENT_SIGN);
	return scan->state == EXPONENT_DIGITS ? end_token(scan) : BAD;
}

static enum step step_number(struct mpr_scan *scan, char c)
{
	enum state state = scan->state;

	if (state == MINUS)
		return is_digit(c) ? begin(scan, c == '0' ? ZERO : INTEGER) : BAD;
	if (state >= EXPONENT)
		return step_exponent(scan, c);
	if (is_digit(c)) {
		if (state == ZERO)
			return BAD;
		return begin(scan, state == INTEGER ? INTEGER : FRACTION);
	}
	if (state == POINT)
		return BAD;
	if (c == 'e' || c == 'E')
		return begin(scan, EXPONENT);
	return c == '.' && state != FRACTION ? begin(scan, POINT) : end_token(scan);
}

static enum step step(struct mpr_scan *scan, char c)
{
	switch (scan->state) {
	case BETWEEN:
		return step_between(scan, c);
	case STRING:
	case ESCAPE:
		return step_string(scan, c);
	case WORD:
		return is_lower(c) ? TAKE : end_token(scan);
	default:
		return step_number(scan, c);
	}
}

/* ---- Texts -------------------------------------------------------------- */

static enum mpr_scanned finish(struct mpr_scan *scan, enum mpr_scanned what)
{
	*scan = (struct mpr_scan){0};
	return what;
}

enum mpr_scanned mpr_scan(struct mpr_scan *scan, const char *data, size_t len, size_t *taken)
{
	for (*taken = 0; *taken < len;) {
		switch (step(scan, data[*taken])) {
		case TAKE:
			++*taken;
			break;
		case LOOK_AGAIN:
			break;
		case END_WITH:
			++*taken;
			return finish(scan, MPR_SCAN_WHOLE);
		case END_BEFORE:
			return finish(scan, MPR_SCAN_WHOLE);
		case BAD:
			return finish(scan, MPR_SCAN_BAD);
		}
	}
	return MPR_SCAN_MORE;
}

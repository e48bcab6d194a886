/* SPDX-License-Identifier: MIT */
/* Checking keys and values: numbers, switches, choices. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"

static bool listed(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

int mpr_opts_check(const struct mpr_opts *opts, const char *const *known, char **error)
{
	const char *key, *value, *nearest;

	for (size_t i = 0; mpr_opts_item(opts, i, &key, &value); i++) {
		if (listed(key, known))
			continue;
		nearest = mpr_nearest(key, known);
		if (nearest)
			*error = mpr_errorf("%s: no property \"%s\" (did you mean \"%s\"?)",
					    mpr_opts_text(opts), key, nearest);
		else
			*error = mpr_errorf("%s: no property \"%s\"", mpr_opts_text(opts), key);
		return -EINVAL;
	}
	return 0;
}

/* Digits only: strtoull() alone would accept blanks and signs as well. Sets *end to what
 * follows the digits. */
static bool parse_digits(const char *text, uint64_t *value, const char **end)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");

	errno = 0;
	*value = strtoull(digits, NULL, hex ? 16 : 10);
	*end = digits + len;
	return len > 0 && errno == 0;
}

static bool parse_uint(const char *text, uint64_t *value)
{
	const char *end;

	return parse_digits(text, value, &end) && !*end;
}

bool mpr_opts_parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "BKMGTPE";
	const char *end, *suffix;

	if (!parse_digits(text, value, &end))
		return false;
	if (!*end)
		return true;
	suffix = strchr(suffixes, toupper((unsigned char)*end));
	return suffix && !end[1] &&
	       !__builtin_mul_overflow(*value, UINT64_C(1) << 10 * (suffix - suffixes), value);
}

static int get_number(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      bool (*parse)(const char *text, uint64_t *value), uint64_t *value,
		      char **error)
{
	const char *text = mpr_opts_get(opts, key);
	uint64_t number;

	if (!text)
		return 0;
	if (!parse(text, &number) || number < min || number > max) {
		*error = mpr_errorf("%s: %s=%s is not a number from %llu to %llu",
				    mpr_opts_text(opts), key, text, (unsigned long long)min,
				    (unsigned long long)max);
		return -EINVAL;
	}
	*value = number;
	return 0;
}

int mpr_opts_get_uint(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error)
{
	return get_number(opts, key, min, max, parse_uint, value, error);
}

int mpr_opts_get_size(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error)
{
	return get_number(opts, key, min, max, mpr_opts_parse_size, value, error);
}

/* QEMU's words: off at even indices, on at odd ones. */
static const char *const switches[] = {"off", "on", "no", "yes", "false", "true", "n", "y", NULL};

bool mpr_opts_is_on(const char *text)
{
	for (unsigned i = 1; switches[i - 1]; i += 2)
		if (!strcmp(switches[i], text))
			return true;
	return false;
}

int mpr_opts_get_bool(const struct mpr_opts *opts, const char *key, bool *value, char **error)
{
	const char *text = mpr_opts_get(opts, key);

	if (!text)
		return 0;
	for (unsigned i = 0; switches[i]; i++) {
		if (strcmp(switches[i], text))
			continue;
		*value = i & 1;
		return 0;
	}
	*error = mpr_errorf("%s: %s=%s is neither on nor off", mpr_opts_text(opts), key, text);
	return -EINVAL;
}

/* "a, b or c" */
static char *format_choice(const char *const *names)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned i = 0; names[i]; i++)
		fprintf(out, "%s%s", i == 0 ? "" : names[i + 1] ? ", " : " or ", names[i]);
	fclose(out);
	return text;
}

int mpr_opts_get_enum(const struct mpr_opts *opts, const char *key, const char *const *names,
		      unsigned *value, char **error)
{
	const char *text = mpr_opts_get(opts, key);
	char *choice;

	if (!text)
		return 0;
	for (unsigned i = 0; names[i]; i++) {
		if (strcmp(names[i], text))
			continue;
		*value = i;
		return 0;
	}
	choice = format_choice(names);
	*error = mpr_errorf("%s: %s=%s is not %s", mpr_opts_text(opts), key, text,
			    choice ? choice : "known");
	free(choice);
	return -EINVAL;
}

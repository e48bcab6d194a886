/* SPDX-License-Identifier: MIT */
/* Option strings: parsing, looking up, checking, writing back. */
#include "opts/opts.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts/json_opts.h"

struct item {
	char *key;
	char *value;
};

struct mpr_opts {
	char *text; /* "-device lsi53c895a,id=lsi0" */
	struct item *items;
	size_t count;
};

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

static struct item *find(const struct mpr_opts *opts, const char *key)
{
	for (size_t i = 0; i < opts->count; i++)
		if (!strcmp(opts->items[i].key, key))
			return &opts->items[i];
	return NULL;
}

/* Takes ownership of key and value, also when it fails. */
static int put(struct mpr_opts *opts, char *key, char *value)
{
	struct item *item = key && value ? find(opts, key) : NULL;
	struct item *items;

	if (item) {
		free(key);
		free(item->value);
		item->value = value;
		return 0;
	}
	items = reallocarray(opts->items, opts->count + 1, sizeof(*items));
	if (items)
		opts->items = items;
	if (!items || !key || !value) {
		free(key);
		free(value);
		return -ENOMEM;
	}
	items[opts->count++] = (struct item){.key = key, .value = value};
	return 0;
}

/* Copies a value up to its single comma, doubled commas made one; *text is
 * left at that comma or at the end. NULL when out of memory. */
static char *take_value(const char **text)
{
	char *value = malloc(strlen(*text) + 1);
	char *out = value;
	const char *in = *text;

	if (!value)
		return NULL;
	for (; *in; in++) {
		if (*in == ',' && *++in != ',') {
			in--;
			break;
		}
		*out++ = *in;
	}
	*out = '\0';
	*text = in;
	return value;
}

/* Takes one "key=value", "key", or, when `implied` is given, "value". */
static int take_item(struct mpr_opts *opts, const char **text, const char *implied, char **error)
{
	size_t len = strcspn(*text, "=,");
	bool has_value = (*text)[len] == '=';
	char *key, *value;
	int ret;

	if (implied && !has_value) {
		key = strdup(implied);
		value = take_value(text);
	} else if (len == 0) {
		*error = mpr_errorf("%s: a property has no name (a comma in a value is written "
				    "twice)",
				    opts->text);
		return -EINVAL;
	} else {
		key = strndup(*text, len);
		*text += len + has_value;
		value = has_value ? take_value(text) : strdup("on");
	}
	ret = put(opts, key, value);
	if (ret < 0)
		*error = mpr_errorf("%s: out of memory", opts->text);
	return ret;
}

static int take_items(struct mpr_opts *opts, const char *text, const char *implied, char **error)
{
	int ret = 0;

	while (*text && ret == 0) {
		ret = take_item(opts, &text, implied, error);
		implied = NULL;
		if (*text == ',')
			text++;
	}
	return ret;
}

static int take_json(struct mpr_opts *opts, const char *option, const char *text, char **error)
{
	char *string = mpr_json_to_string(option, text, error);
	int ret = *error ? -EINVAL : -ENOMEM;

	if (string)
		ret = take_items(opts, string, NULL, error);
	free(string);
	return ret;
}

int mpr_opts_parse(const char *option, const char *text, const char *implied,
		   struct mpr_opts **result, char **error)
{
	struct mpr_opts *opts = calloc(1, sizeof(*opts));
	int ret;

	*error = NULL;
	if (opts)
		opts->text = mpr_errorf("%s %s", option, text);
	if (!opts || !opts->text) {
		free(opts);
		*error = mpr_errorf("%s: out of memory", option);
		return -ENOMEM;
	}
	if (*text == '{')
		ret = take_json(opts, option, text, error);
	else
		ret = take_items(opts, text, implied, error);
	if (ret < 0) {
		if (!*error)
			*error = mpr_errorf("%s: out of memory", option);
		mpr_opts_free(opts);
		return ret;
	}
	*result = opts;
	return 0;
}

void mpr_opts_free(struct mpr_opts *opts)
{
	if (!opts)
		return;
	for (size_t i = 0; i < opts->count; i++) {
		free(opts->items[i].key);
		free(opts->items[i].value);
	}
	free(opts->items);
	free(opts->text);
	free(opts);
}

const char *mpr_opts_text(const struct mpr_opts *opts)
{
	return opts->text;
}

const char *mpr_opts_get(const struct mpr_opts *opts, const char *key)
{
	const struct item *item = find(opts, key);

	return item ? item->value : NULL;
}

bool mpr_opts_item(const struct mpr_opts *opts, size_t i, const char **key, const char **value)
{
	if (i >= opts->count)
		return false;
	*key = opts->items[i].key;
	*value = opts->items[i].value;
	return true;
}

int mpr_opts_set(struct mpr_opts *opts, const char *key, const char *value)
{
	return put(opts, strdup(key), strdup(value));
}

void mpr_opts_remove(struct mpr_opts *opts, const char *key)
{
	struct item *item = find(opts, key);

	if (!item)
		return;
	free(item->key);
	free(item->value);
	opts->count--;
	memmove(item, item + 1, (size_t)(opts->items + opts->count - item) * sizeof(*item));
}

static void print_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == ',')
			fputc(',', out);
		fputc(*value, out);
	}
}

/* A value that would be read as "key=value", as JSON, or as nothing, keeps its key. */
static bool may_stand_alone(const char *value)
{
	return *value && *value != '{' && value[strcspn(value, "=,")] != '=';
}

char *mpr_opts_format(const struct mpr_opts *opts, const char *implied)
{
	const struct item *first = implied ? find(opts, implied) : NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *comma = "";

	if (!out)
		return NULL;
	if (first && may_stand_alone(first->value)) {
		print_value(out, first->value);
		comma = ",";
	} else {
		first = NULL;
	}
	for (size_t i = 0; i < opts->count; i++) {
		if (&opts->items[i] == first)
			continue;
		fprintf(out, "%s%s=", comma, opts->items[i].key);
		print_value(out, opts->items[i].value);
		comma = ",";
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static bool listed(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

int mpr_opts_check(const struct mpr_opts *opts, const char *const *known, char **error)
{
	for (size_t i = 0; i < opts->count; i++) {
		const char *key = opts->items[i].key;
		const char *nearest;

		if (listed(key, known))
			continue;
		nearest = mpr_nearest(key, known);
		if (nearest)
			*error = mpr_errorf("%s: no property \"%s\" (did you mean \"%s\"?)",
					    opts->text, key, nearest);
		else
			*error = mpr_errorf("%s: no property \"%s\"", opts->text, key);
		return -EINVAL;
	}
	return 0;
}

/* Digits only: strtoull() alone would also take blanks and signs. *end is what
 * follows them. */
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
		*error = mpr_errorf("%s: %s=%s is not a number from %llu to %llu", opts->text, key,
				    text, (unsigned long long)min, (unsigned long long)max);
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

/* QEMU's words for off and on, by turns. */
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
	*error = mpr_errorf("%s: %s=%s is neither on nor off", opts->text, key, text);
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
	*error =
		mpr_errorf("%s: %s=%s is not %s", opts->text, key, text, choice ? choice : "known");
	free(choice);
	return -EINVAL;
}

/* SPDX-License-Identifier: MIT */
/* The properties: made, read, changed, written. */
#include "opts/opts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	char *key;
	char *value;
};

struct mpr_opts {
	char *text; /* for messages: "-device lsi53c895a,id=lsi0" */
	struct item *items;
	size_t count;
};

/* ---- Making and freeing ------------------------------------------------- */

struct mpr_opts *mpr_opts_new(const char *text)
{
	struct mpr_opts *opts = calloc(1, sizeof(*opts));

	if (!opts)
		return NULL;
	opts->text = strdup(text);
	if (opts->text)
		return opts;
	free(opts);
	return NULL;
}

static int set_pairs(struct mpr_opts *opts, va_list pairs)
{
	const char *key, *value;
	int ret = 0;

	while (ret == 0 && (key = va_arg(pairs, const char *))) {
		value = va_arg(pairs, const char *);
		if (value)
			ret = mpr_opts_set(opts, key, value);
	}
	return ret;
}

struct mpr_opts *mpr_opts_build(const char *option, const char *implied, ...)
{
	struct mpr_opts *opts = mpr_opts_new(option);
	va_list pairs;
	int ret;

	if (!opts)
		return NULL;
	va_start(pairs, implied);
	ret = set_pairs(opts, pairs);
	va_end(pairs);
	if (ret == 0)
		ret = mpr_opts_quote(opts, implied);
	if (ret == 0)
		return opts;
	mpr_opts_free(opts);
	return NULL;
}

struct mpr_opts *mpr_opts_copy(const struct mpr_opts *opts)
{
	struct mpr_opts *copy = mpr_opts_new(opts->text);

	if (!copy || mpr_opts_set_all(copy, opts) == 0)
		return copy;
	mpr_opts_free(copy);
	return NULL;
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

/* ---- Reading ------------------------------------------------------------ */

static struct item *find(const struct mpr_opts *opts, const char *key)
{
	for (size_t i = 0; i < opts->count; i++)
		if (!strcmp(opts->items[i].key, key))
			return &opts->items[i];
	return NULL;
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

bool mpr_opts_is_key(const char *key)
{
	return *key && *key != '{' && !strpbrk(key, "=,");
}

/* ---- Changing ----------------------------------------------------------- */

static struct item *append(struct mpr_opts *opts, const char *key)
{
	struct item *items = reallocarray(opts->items, opts->count + 1, sizeof(*items));
	struct item *item;

	if (!items)
		return NULL;
	opts->items = items;
	item = &items[opts->count];
	*item = (struct item){.key = strdup(key)};
	if (!item->key)
		return NULL;
	opts->count++;
	return item;
}

int mpr_opts_set(struct mpr_opts *opts, const char *key, const char *value)
{
	struct item *item = find(opts, key);
	char *copy = strdup(value);

	if (copy && !item)
		item = append(opts, key);
	if (!copy || !item) {
		free(copy);
		return -ENOMEM;
	}
	free(item->value);
	item->value = copy;
	return 0;
}

int mpr_opts_set_all(struct mpr_opts *opts, const struct mpr_opts *from)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < from->count; i++)
		ret = mpr_opts_set(opts, from->items[i].key, from->items[i].value);
	return ret;
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

/* ---- Writing ------------------------------------------------------------ */

static void print_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == ',')
			fputc(',', out);
		fputc(*value, out);
	}
}

/* False: without its key, a value at the front would be parsed as "key=value", as JSON, or
 * as no item at all. */
static bool may_stand_alone(const char *value)
{
	return *value && *value != '{' && value[strcspn(value, "=,")] != '=';
}

static void print(FILE *out, const struct mpr_opts *opts, const char *implied)
{
	const struct item *first = implied ? find(opts, implied) : NULL;
	const char *comma = "";

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
}

char *mpr_opts_format(const struct mpr_opts *opts, const char *implied)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print(out, opts, implied);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int mpr_opts_quote(struct mpr_opts *opts, const char *implied)
{
	char *properties = mpr_opts_format(opts, implied);
	char *text = properties ? mpr_errorf("%s %s", opts->text, properties) : NULL;

	free(properties);
	if (!text)
		return -ENOMEM;
	free(opts->text);
	opts->text = text;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Parsing an option string. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opts/json_opts.h"
#include "opts/opts.h"

/* Copies a value up to the comma that ends it, a doubled comma as one, and advances *text
 * to that comma or to the end. NULL: out of memory. */
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

/* Parses "key=value", "key" or, if `implied` is given, "value". */
static int take_item(struct mpr_opts *opts, const char **text, const char *implied, char **error)
{
	size_t len = strcspn(*text, "=,");
	bool has_value = (*text)[len] == '=';
	char *key, *value;
	int ret;

	if (implied && !has_value) {
		key = strdup(implied);
		value = take_value(text);
	} else if (len == 0 || **text == '{') {
		*error = mpr_errorf("%s: %s", mpr_opts_text(opts),
				    len ? "a property's name begins with '{'"
					: "a property has no name (a comma in a value is written "
					  "twice)");
		return -EINVAL;
	} else {
		key = strndup(*text, len);
		*text += len + has_value;
		value = has_value ? take_value(text) : strdup("on");
	}
	ret = key && value ? mpr_opts_set(opts, key, value) : -ENOMEM;
	free(key);
	free(value);
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

int mpr_opts_parse(const char *option, const char *text, const char *implied,
		   struct mpr_opts **result, char **error)
{
	char *quote = mpr_errorf("%s %s", option, text);
	struct mpr_opts *opts = quote ? mpr_opts_new(quote) : NULL;
	int ret = -ENOMEM;

	*error = NULL;
	if (opts)
		ret = *text == '{' ? mpr_opts_set_json(opts, text, error)
				   : take_items(opts, text, implied, error);
	free(quote);
	if (ret == 0) {
		*result = opts;
		return 0;
	}
	if (!*error)
		*error = mpr_errorf("%s: out of memory", option);
	mpr_opts_free(opts);
	return ret;
}

/* SPDX-License-Identifier: MIT */
#include "opts/json_opts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char no_memory[] = "out of memory";

/* ---- From JSON: each function returns NULL, or what is wrong -------------- */

static const char *set(struct mpr_opts *opts, const char *key, const char *value)
{
	return mpr_opts_set(opts, key, value) ? no_memory : NULL;
}

static const char *set_string(struct mpr_opts *opts, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return "a string has a zero byte";
	return set(opts, key, text);
}

static const char *set_members(struct mpr_opts *opts, const char *parent,
			       struct json_object *object);

static const char *set_value(struct mpr_opts *opts, const char *key, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return set_members(opts, key, value);
	case json_type_string:
		return set_string(opts, key, value);
	case json_type_boolean:
		return set(opts, key, json_object_get_boolean(value) ? "on" : "off");
	case json_type_int:
		return set(opts, key, json_object_get_string(value));
	default:
		return "a member is neither a string, an integer, a truth value nor an object";
	}
}

static const char *set_member(struct mpr_opts *opts, const char *parent, const char *name,
			      struct json_object *value)
{
	char *key = parent ? mpr_errorf("%s.%s", parent, name) : strdup(name);
	const char *wrong = "a member's name is not that of an option";

	if (!key)
		wrong = no_memory;
	else if (mpr_opts_is_key(name))
		wrong = set_value(opts, key, value);
	free(key);
	return wrong;
}

static const char *set_members(struct mpr_opts *opts, const char *parent,
			       struct json_object *object)
{
	if (!object)
		return NULL;
	json_object_object_foreach(object, name, value)
	{
		const char *wrong = set_member(opts, parent, name, value);

		if (wrong)
			return wrong;
	}
	return NULL;
}

int mpr_opts_from_json(const char *option, struct json_object *object, const char *implied,
		       struct mpr_opts **result, char **error)
{
	struct mpr_opts *opts = mpr_opts_new(option);
	const char *wrong = opts ? set_members(opts, NULL, object) : no_memory;

	*error = NULL;
	if (!wrong && mpr_opts_quote(opts, implied))
		wrong = no_memory;
	if (!wrong) {
		*result = opts;
		return 0;
	}
	*error = mpr_errorf("%s: %s", option, wrong);
	mpr_opts_free(opts);
	return -EINVAL;
}

/* NULL: *why says what is wrong. */
static struct json_object *parse(const char *text, const char **why)
{
	struct json_tokener *tokener = json_tokener_new_ex(MPR_JSON_DEPTH);
	struct json_object *object;

	*why = no_memory;
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, -1);
	*why = json_tokener_error_desc(json_tokener_get_error(tokener));
	json_tokener_free(tokener);
	return object;
}

int mpr_opts_set_json(struct mpr_opts *opts, const char *text, char **error)
{
	const char *wrong, *what = "not JSON: ";
	struct json_object *object = parse(text, &wrong);

	if (object) {
		what = "";
		wrong = set_members(opts, NULL, object);
	}
	json_object_put(object);
	if (!wrong)
		return 0;
	*error = mpr_errorf("%s: %s%s", mpr_opts_text(opts), what, wrong);
	return -EINVAL;
}

/* ---- To JSON ------------------------------------------------------------ */

struct json_object *mpr_opts_to_json(const struct mpr_opts *opts)
{
	struct json_object *object = json_object_new_object();
	const char *key, *value;

	for (size_t i = 0; object && mpr_opts_item(opts, i, &key, &value); i++) {
		struct json_object *string = json_object_new_string(value);

		if (string && json_object_object_add(object, key, string) == 0)
			continue;
		json_object_put(string);
		json_object_put(object);
		return NULL;
	}
	return object;
}

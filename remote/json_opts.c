/* SPDX-License-Identifier: MIT */
#include "remote/json_opts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes a value with its commas doubled. */
static void write_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == ',')
			fputc(',', out);
		fputc(*value, out);
	}
}

static bool is_key(const char *key)
{
	return *key && !strpbrk(key, "=,");
}

/* NULL, or why the member cannot be an option. */
static const char *write_member(FILE *out, const char *prefix, const char *key,
				struct json_object *value);

static const char *write_members(FILE *out, const char *prefix, struct json_object *object)
{
	json_object_object_foreach(object, key, value)
	{
		const char *wrong = write_member(out, prefix, key, value);

		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *write_nested(FILE *out, const char *prefix, const char *key,
				struct json_object *value)
{
	char *nested = mpr_errorf("%s%s.", prefix, key);
	const char *wrong = nested ? write_members(out, nested, value) : "out of memory";

	free(nested);
	return wrong;
}

static const char *write_member(FILE *out, const char *prefix, const char *key,
				struct json_object *value)
{
	if (!is_key(key))
		return "a member's name is not that of an option";
	switch (json_object_get_type(value)) {
	case json_type_object:
		return write_nested(out, prefix, key, value);
	case json_type_string:
		if (strlen(json_object_get_string(value)) !=
		    (size_t)json_object_get_string_len(value))
			return "a string has a zero byte";
		fprintf(out, "%s%s=", prefix, key);
		write_value(out, json_object_get_string(value));
		break;
	case json_type_boolean:
		fprintf(out, "%s%s=%s", prefix, key, json_object_get_boolean(value) ? "on" : "off");
		break;
	case json_type_int:
		fprintf(out, "%s%s=%s", prefix, key, json_object_get_string(value));
		break;
	default:
		return "a member is neither a string, an integer, a truth value nor an object";
	}
	fputc(',', out);
	return NULL;
}

int mpr_json_opts(const char *option, struct json_object *object, struct mpr_opts **opts,
		  char **error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *wrong;
	int ret = -EINVAL;

	*error = NULL;
	if (!out)
		return -ENOMEM;
	wrong = write_members(out, "", object);
	fclose(out);
	if (wrong) {
		*error = mpr_errorf("%s: %s", option, wrong);
	} else {
		if (size)
			text[size - 1] = '\0'; /* the last comma */
		ret = mpr_opts_parse(option, text, NULL, opts, error);
	}
	free(text);
	return ret;
}

int mpr_json_parse(const char *option, const char *text, struct mpr_opts **opts, char **error)
{
	struct json_tokener *tokener = json_tokener_new_ex(MPR_JSON_DEPTH);
	struct json_object *object;
	int ret = -EINVAL;

	*error = NULL;
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, -1);
	if (!object)
		*error = mpr_errorf("%s %s: not JSON: %s", option, text,
				    json_tokener_error_desc(json_tokener_get_error(tokener)));
	else if (!json_object_is_type(object, json_type_object))
		*error = mpr_errorf("%s %s: not a JSON object", option, text);
	else
		ret = mpr_json_opts(option, object, opts, error);
	json_object_put(object);
	json_tokener_free(tokener);
	return ret;
}

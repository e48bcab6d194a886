/* SPDX-License-Identifier: MIT */
#include "opts/json_opts.h"

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
	return *key && *key != '{' && !strpbrk(key, "=,");
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

/* An object as an option string, or NULL with *wrong. */
static char *to_string(struct json_object *object, const char **wrong)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	*wrong = "out of memory";
	if (!out)
		return NULL;
	*wrong = write_members(out, "", object);
	if (fclose(out) && !*wrong)
		*wrong = "out of memory";
	if (*wrong) {
		free(text);
		return NULL;
	}
	if (size)
		text[size - 1] = '\0'; /* the last comma */
	return text;
}

int mpr_json_opts(const char *option, struct json_object *object, struct mpr_opts **opts,
		  char **error)
{
	const char *wrong;
	char *text = to_string(object, &wrong);
	int ret = -EINVAL;

	*error = NULL;
	if (text)
		ret = mpr_opts_parse(option, text, NULL, opts, error);
	else
		*error = mpr_errorf("%s: %s", option, wrong);
	free(text);
	return ret;
}

char *mpr_json_to_string(const char *option, const char *text, char **error)
{
	struct json_tokener *tokener = json_tokener_new_ex(MPR_JSON_DEPTH);
	struct json_object *object;
	const char *wrong;
	char *string = NULL;

	*error = NULL;
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, -1);
	if (!object) {
		*error = mpr_errorf("%s %s: not JSON: %s", option, text,
				    json_tokener_error_desc(json_tokener_get_error(tokener)));
	} else if (!json_object_is_type(object, json_type_object)) {
		*error = mpr_errorf("%s %s: not a JSON object", option, text);
	} else {
		string = to_string(object, &wrong);
		if (!string)
			*error = mpr_errorf("%s %s: %s", option, text, wrong);
	}
	json_object_put(object);
	json_tokener_free(tokener);
	return string;
}

/* SPDX-License-Identifier: MIT */
#include "monitor/json.h"

#include <string.h>

struct json_object *mpr_json_get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

struct json_object *mpr_json_get_typed(struct json_object *object, const char *key,
				       enum json_type type)
{
	struct json_object *value = mpr_json_get(object, key);

	return json_object_is_type(value, type) ? value : NULL;
}

const char *mpr_json_string(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

const char *mpr_json_get_string(struct json_object *object, const char *key)
{
	return mpr_json_string(mpr_json_get(object, key));
}

bool mpr_json_get_true(struct json_object *object, const char *key)
{
	struct json_object *value = mpr_json_get_typed(object, key, json_type_boolean);

	return value && json_object_get_boolean(value);
}

int64_t mpr_json_get_int(struct json_object *object, const char *key, int64_t min, int64_t max,
			 int64_t otherwise)
{
	struct json_object *value = mpr_json_get_typed(object, key, json_type_int);
	int64_t number = value ? json_object_get_int64(value) : otherwise;

	return number < min || number > max ? otherwise : number;
}

size_t mpr_json_length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

void mpr_json_put(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

void mpr_json_put_int(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void mpr_json_put_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

struct json_object *mpr_json_one(const char *key, const char *value)
{
	struct json_object *object = json_object_new_object();

	mpr_json_put(object, key, value);
	return object;
}

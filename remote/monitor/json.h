/* SPDX-License-Identifier: MIT */
/* Adding members to a JSON object. */
#ifndef MPR_REMOTE_MONITOR_JSON_H
#define MPR_REMOTE_MONITOR_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

static inline void mpr_json_add_string(struct json_object *object, const char *key,
				       const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static inline void mpr_json_add_int(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static inline void mpr_json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

#endif

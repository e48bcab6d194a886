/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON of a peer that is not trusted: types are checked before values are used. Each
 * function accepts an object that is NULL (JSON's null, or an absent member) or of another
 * type, and finds nothing in it.
 */
#ifndef MPR_MONITOR_JSON_H
#define MPR_MONITOR_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* The member of an object, the object's own; NULL: it is not there, or null. */
struct json_object *mpr_json_get(struct json_object *object, const char *key);

/* The same, if it is of that type; else NULL. */
struct json_object *mpr_json_get_typed(struct json_object *object, const char *key,
				       enum json_type type);

/* The value itself as a string, valid as long as it; NULL: it is none, or has a zero byte,
 * and so would be read as another. */
const char *mpr_json_string(struct json_object *value);

/* Such a member. */
const char *mpr_json_get_string(struct json_object *object, const char *key);

/* Whether the member is there and `true`. */
bool mpr_json_get_true(struct json_object *object, const char *key);

/* The member if it is a whole number from `min` to `max`, else `otherwise`. */
int64_t mpr_json_get_int(struct json_object *object, const char *key, int64_t min, int64_t max,
			 int64_t otherwise);

/* The elements of an array; 0 of anything else. */
size_t mpr_json_length(struct json_object *array);

/* Adds a member that is a string, a number, a truth value. */
void mpr_json_put(struct json_object *object, const char *key, const char *value);
void mpr_json_put_int(struct json_object *object, const char *key, int64_t value);
void mpr_json_put_bool(struct json_object *object, const char *key, bool value);

/* An object with one such member (json_object_put() it). */
struct json_object *mpr_json_one(const char *key, const char *value);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Options as JSON objects: one member for each property. As in QEMU, nested objects become
 * dotted keys: {"driver": "raw", "file": {"driver": "file"}} is driver=raw,
 * file.driver=file. Integers become their digits, true and false become on and off. Null,
 * arrays, other numbers, strings with a zero byte, and names for which mpr_opts_is_key() is
 * false are refused.
 */
#ifndef MPR_OPTS_JSON_OPTS_H
#define MPR_OPTS_JSON_OPTS_H

#include <json-c/json.h>

#include "opts/opts.h"

/* How deep JSON may nest. */
#define MPR_JSON_DEPTH 32

/*
 * The option that an object (NULL: an empty one) describes. The object stays the caller's;
 * it is visited recursively, so whoever parsed it has limited its depth. Messages quote
 * `option` and the properties, as by mpr_opts_quote(). Returns 0, and the caller owns
 * *opts; or -EINVAL, also when memory is short, with *error set to a message (free() it).
 */
int mpr_opts_from_json(const char *option, struct json_object *object, const char *implied,
		       struct mpr_opts **opts, char **error);

/*
 * An object with all properties in their order: each value is a string, each key is as it
 * is, dots included. mpr_opts_from_json() reads it back as the same properties. The caller
 * owns it (json_object_put()). NULL: out of memory.
 */
struct json_object *mpr_opts_to_json(const struct mpr_opts *opts);

/* Parses an object and sets its properties. For mpr_opts_parse(); results as there. */
int mpr_opts_set_json(struct mpr_opts *opts, const char *text, char **error);

#endif

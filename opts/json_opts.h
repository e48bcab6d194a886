/* SPDX-License-Identifier: MIT */
/*
 * Options as JSON objects, a member a property. Objects in it are flattened as QEMU does
 * it: {"driver": "raw", "file": {"driver": "file"}} is driver=raw,file.driver=file. An
 * integer is its digits, and true and false are on and off. Null, arrays, other numbers,
 * strings with a zero byte, and names that an option string cannot have are refused.
 */
#ifndef MPR_OPTS_JSON_OPTS_H
#define MPR_OPTS_JSON_OPTS_H

#include <json-c/json.h>

#include "opts/opts.h"

/* How deep JSON may nest. */
#define MPR_JSON_DEPTH 32

/*
 * The option that the members of `object` make, which may be NULL (none) and stays the
 * caller's. Messages quote it as if it had been typed: `option` and the properties, as by
 * mpr_opts_quote(). 0, and *opts is the caller's; -EINVAL with *error set to a message
 * (free() it), also when memory is short.
 */
int mpr_opts_from_json(const char *option, struct json_object *object, const char *implied,
		       struct mpr_opts **opts, char **error);

/*
 * The other way: every value a string, every key as it is, dots and all, in their order.
 * mpr_opts_from_json() makes the same list of it. json_object_put() it; NULL: out of
 * memory.
 */
struct json_object *mpr_opts_to_json(const struct mpr_opts *opts);

/* For mpr_opts_parse(): sets what an object, still a text, says. Results as there. */
int mpr_opts_set_json(struct mpr_opts *opts, const char *text, char **error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Options written as a JSON object: {"driver": "raw", "file": {"driver": "file"}}
 * is driver=raw,file.driver=file.
 */
#ifndef MPR_OPTS_JSON_OPTS_H
#define MPR_OPTS_JSON_OPTS_H

#include <json-c/json.h>

#include "opts/opts.h"

/* How deep JSON may nest. */
#define MPR_JSON_DEPTH 32

/* As mpr_opts_parse(), of an object that is parsed already. */
int mpr_json_opts(const char *option, struct json_object *object, struct mpr_opts **opts,
		  char **error);

/* For mpr_opts_parse(): the object in `text` as an option string without an implied key
 * (free() it), or NULL with *error, which is NULL when memory is short. */
char *mpr_json_to_string(const char *option, const char *text, char **error);

#endif

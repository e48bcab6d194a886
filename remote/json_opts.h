/* SPDX-License-Identifier: MIT */
/*
 * Options written as a JSON object: {"driver": "raw", "file": {"driver": "file"}}
 * is driver=raw,file.driver=file.
 */
#ifndef MPR_REMOTE_JSON_OPTS_H
#define MPR_REMOTE_JSON_OPTS_H

#include <json-c/json.h>

#include "opts/opts.h"

/* How deep JSON may nest. */
#define MPR_JSON_DEPTH 32

/* As mpr_opts_parse(), of a text or of an object. */
int mpr_json_parse(const char *option, const char *text, struct mpr_opts **opts, char **error);
int mpr_json_opts(const char *option, struct json_object *object, struct mpr_opts **opts,
		  char **error);

#endif

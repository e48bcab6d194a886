/* SPDX-License-Identifier: MIT */
/*
 * JSON as QEMU writes it on its monitor, so that an answer which is not QEMU's, or has been
 * added to, looks like any other: blanks, line breaks, and ASCII alone.
 */
#ifndef MPR_MONITOR_JSON_TEXT_H
#define MPR_MONITOR_JSON_TEXT_H

#include <json-c/json.h>
#include <stdbool.h>

/* A value (free() it); `pretty`: on several lines, which end with "\r\n". NULL: out of memory. */
char *mpr_json_text(struct json_object *value, bool pretty);

#endif

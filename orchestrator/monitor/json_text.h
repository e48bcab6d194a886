/* SPDX-License-Identifier: MIT */
/*
 * JSON as QEMU writes it on its monitor, so that an answer which mpring makes, or has added
 * to, looks like any other: blanks, line breaks, and ASCII alone.
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_JSON_TEXT_H
#define MPR_ORCHESTRATOR_MONITOR_JSON_TEXT_H

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

/* Appends a value; `pretty`: on several lines, which end with "\r\n". */
void mpr_json_text(GString *text, struct json_object *value, bool pretty);

#endif

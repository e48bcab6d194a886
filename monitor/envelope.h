/* SPDX-License-Identifier: MIT */
/*
 * What QMP wraps results, errors and events in. Each function makes an object
 * (json_object_put() it), and takes over the objects that it is given.
 */
#ifndef MPR_MONITOR_ENVELOPE_H
#define MPR_MONITOR_ENVELOPE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "monitor/stream.h"

/* Classes of errors. */
#define MPR_QMP_GENERIC "GenericError"
#define MPR_QMP_NO_COMMAND "CommandNotFound"
#define MPR_QMP_NO_DEVICE "DeviceNotFound"

/* NULL: an empty object. */
struct json_object *mpr_envelope_return(struct json_object *result);
/* `class` NULL: GenericError. */
struct json_object *mpr_envelope_error(const char *class, const char *desc);

/* Of now. `data` NULL: none. */
struct json_object *mpr_envelope_event(const char *name, struct json_object *data);
struct json_object *mpr_envelope_device_deleted(const char *id);

/* Writes an object, which stays the caller's, as QEMU would. */
void mpr_envelope_send(struct mpr_stream *stream, struct json_object *object, bool pretty);

#endif

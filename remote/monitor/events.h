/* SPDX-License-Identifier: MIT */
/* QMP's events. Each is NULL when out of memory. */
#ifndef MPR_REMOTE_MONITOR_EVENTS_H
#define MPR_REMOTE_MONITOR_EVENTS_H

#include <json-c/json.h>

#include "remote/machine/machine.h"

/* `data` is taken over; NULL: none. */
struct json_object *mpr_event(const char *name, struct json_object *data);
struct json_object *mpr_event_device_deleted(const char *id);
struct json_object *mpr_event_io_error(const struct mpr_drive *drive);
struct json_object *mpr_event_shutdown(const char *reason);

#endif

/* SPDX-License-Identifier: MIT */
/* QMP's events of a device process. Each is NULL when out of memory. */
#ifndef MPR_REMOTE_MONITOR_EVENTS_H
#define MPR_REMOTE_MONITOR_EVENTS_H

#include <json-c/json.h>

#include "remote/machine/machine.h"

struct json_object *mpr_event_io_error(const struct mpr_drive *drive);
struct json_object *mpr_event_shutdown(const char *reason);

#endif

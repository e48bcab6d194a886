/* SPDX-License-Identifier: MIT */
/* Opening the sockets on which a user finds a monitor. */
#ifndef MPR_ORCHESTRATOR_MONITOR_PLACES_H
#define MPR_ORCHESTRATOR_MONITOR_PLACES_H

#include "orchestrator/monitor/user_monitors.h"

/* A non-blocking socket, listening or connected as the monitor says; or negative errno with
 * *error set to a message (free() it). */
int mpr_place_open(const struct mpr_user_monitor *monitor, char **error);

/* Removes the socket file. */
void mpr_place_remove(const struct mpr_user_monitor *monitor);

#endif

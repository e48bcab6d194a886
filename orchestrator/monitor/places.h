/* SPDX-License-Identifier: MIT */
/* Opening the sockets on which a user finds a monitor. */
#ifndef MPR_ORCHESTRATOR_MONITOR_PLACES_H
#define MPR_ORCHESTRATOR_MONITOR_PLACES_H

#include "orchestrator/monitor/user_monitors.h"

/* A socket that listens, or that is connected, as the monitor says; it never waits.
 * Negative errno with *error set to a message (free() it). */
int mpr_place_open(const struct mpr_user_monitor *monitor, char **error);

/* Removes what opening left in the file system. */
void mpr_place_remove(const struct mpr_user_monitor *monitor);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The monitors of a device process: -monitor, -qmp, -mon and -chardev. Their clients query and
 * change the machine; it never blocks on one of them.
 */
#ifndef MPR_REMOTE_MONITOR_MONITOR_H
#define MPR_REMOTE_MONITOR_MONITOR_H

#include "remote/machine/machine.h"

struct mpr_monitors;

/* Opens the monitors of the machine's command line and registers for its events. 0, or
 * negative errno with *error set to a message. */
int mpr_monitors_create(struct mpr_machine *machine, struct mpr_monitors **monitors, char **error);

/* Serves the clients for one turn of the loop. True when there was work. NULL is ignored. */
bool mpr_monitors_step(struct mpr_monitors *monitors);

/* True while a client is connected by a socket that was inherited. */
bool mpr_monitors_held(const struct mpr_monitors *monitors);
/* True while somebody is connected, or can connect. */
bool mpr_monitors_open(const struct mpr_monitors *monitors);

/* Sends the event SHUTDOWN and closes all connections. Here and below NULL is ignored. */
void mpr_monitors_shut_down(struct mpr_monitors *monitors, bool by_signal);
void mpr_monitors_destroy(struct mpr_monitors *monitors);

#endif

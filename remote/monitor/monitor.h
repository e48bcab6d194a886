/* SPDX-License-Identifier: MIT */
/*
 * The monitors of a device process: -monitor, -qmp, -mon and -chardev. Their
 * clients look at the machine and change it; they never keep it waiting.
 */
#ifndef MPR_REMOTE_MONITOR_MONITOR_H
#define MPR_REMOTE_MONITOR_MONITOR_H

#include "remote/machine/machine.h"

struct mpr_monitors;

/* Opens the monitors of the machine's command line, and becomes the one who is
 * told of its events. 0, or negative errno with *error set to a message. */
int mpr_monitors_create(struct mpr_machine *machine, struct mpr_monitors **monitors, char **error);

/* True when a client did something. NULL is ignored. */
bool mpr_monitors_step(struct mpr_monitors *monitors);

/* True while a client is connected by a socket that was inherited. */
bool mpr_monitors_held(const struct mpr_monitors *monitors);
/* True while somebody is connected, or can connect. */
bool mpr_monitors_open(const struct mpr_monitors *monitors);

/* Tells the clients that the process ends, by a signal or not, and hangs up. NULL is
 * ignored by this and what follows. */
void mpr_monitors_shut_down(struct mpr_monitors *monitors, bool by_signal);
void mpr_monitors_destroy(struct mpr_monitors *monitors);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The monitors of `mpring run`: QEMU's, with mpring's commands added, in the places that QEMU's
 * command line names.
 *
 *   create    takes them out of the command line; QEMU gets the rest, and private monitors to
 *             which this process alone connects
 *   open      opens the sockets; clients that connect wait
 *   start     QEMU runs; clients are served from GLib's main loop
 *   destroy
 */
#ifndef MPR_ORCHESTRATOR_MONITOR_MONITORS_H
#define MPR_ORCHESTRATOR_MONITOR_MONITORS_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct mpr_commands;
struct mpr_monitors;

/* 0 or -EINVAL with *error set to a message (free() it). */
int mpr_monitors_create(char *const *argv, struct mpr_monitors **monitors, char **error);

/* Whether there are any. If not, nothing else here needs the machine. */
bool mpr_monitors_exist(const struct mpr_monitors *monitors);

/* QEMU's command line, owned by the monitors. */
char *const *mpr_monitors_argv(const struct mpr_monitors *monitors);
/* The descriptors that it names. */
const int *mpr_monitors_fds(const struct mpr_monitors *monitors, size_t *count);
/* Standard input is a monitor's: QEMU must not read it. */
bool mpr_monitors_take_stdin(const struct mpr_monitors *monitors);

/* Says on standard error which monitors stay QEMU's own. As mpr_monitors_create(). */
int mpr_monitors_open(struct mpr_monitors *monitors, char **error);

/* QEMU has its descriptors. Without monitors `commands` do not matter; else they, and the machine,
 * stay until the monitors are destroyed. */
void mpr_monitors_start(struct mpr_monitors *monitors, const struct mpr_commands *commands);

/* Tells those who speak QMP of an event that QEMU does not tell itself. `opaque`: the monitors. */
void mpr_monitors_tell(void *opaque, struct json_object *event);

/* Hangs up, and leaves the terminal as it was. NULL is ignored. */
void mpr_monitors_destroy(struct mpr_monitors *monitors);

#endif

/* SPDX-License-Identifier: MIT */
/* HMP's commands: lines of text for people. */
#ifndef MPR_REMOTE_MONITOR_HMP_COMMANDS_H
#define MPR_REMOTE_MONITOR_HMP_COMMANDS_H

#include "remote/monitor/client.h"

/* Runs a line. Returns its output (free() it; NULL: out of memory). The command is complete
 * once *settled returns true; NULL: it is complete now. */
char *mpr_hmp_run(struct mpr_monitor_client *client, const char *line, mpr_settled_fn *settled);

#endif

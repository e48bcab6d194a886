/* SPDX-License-Identifier: MIT */
/* HMP's commands: lines of text for people. */
#ifndef MPR_REMOTE_MONITOR_HMP_COMMANDS_H
#define MPR_REMOTE_MONITOR_HMP_COMMANDS_H

#include "remote/monitor/client.h"

/* Executes a line. Returns what it prints, which is complete when *settled is
 * true (NULL: now). free() it; NULL when out of memory. */
char *mpr_hmp_run(struct mpr_monitor_client *client, const char *line, mpr_settled_fn *settled);

#endif

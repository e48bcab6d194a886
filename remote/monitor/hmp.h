/* SPDX-License-Identifier: MIT */
/* HMP, for people. */
#ifndef MPR_REMOTE_MONITOR_HMP_H
#define MPR_REMOTE_MONITOR_HMP_H

#include "remote/monitor/client.h"

extern const struct mpr_monitor_protocol mpr_hmp_protocol;

#endif

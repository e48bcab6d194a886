/* SPDX-License-Identifier: MIT */
/* QMP, for programs. */
#ifndef MPR_REMOTE_MONITOR_QMP_H
#define MPR_REMOTE_MONITOR_QMP_H

#include "remote/monitor/client.h"

extern const struct mpr_monitor_protocol mpr_qmp_protocol;

#endif

/* SPDX-License-Identifier: MIT */
/* The counters of devices and drives, for the operator. */
#ifndef MPR_REMOTE_REPORT_H
#define MPR_REMOTE_REPORT_H

#include "remote/machine/machine.h"

/* Logs a line for each device that counts, and one for each drive: names and
 * values, as in "lsi0: commands 12, moved_bytes 49152". */
void mpr_report(const struct mpr_machine *machine);

#endif

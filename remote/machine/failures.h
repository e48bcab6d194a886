/* SPDX-License-Identifier: MIT */
/* I/O that failed: who is told, and what is done about it. */
#ifndef MPR_REMOTE_MACHINE_FAILURES_H
#define MPR_REMOTE_MACHINE_FAILURES_H

#include "remote/machine/machine.h"

/* After completions were reaped: tells the operator, the VMM and the monitors once about
 * each burst of failures, and stops the machine when a request is held for its error. */
void mpr_machine_report_failures(struct mpr_machine *machine);

#endif

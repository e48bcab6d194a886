/* SPDX-License-Identifier: MIT */
/* From a command line to the end of the processes that it starts. */
#ifndef MPR_ORCHESTRATOR_RUN_H
#define MPR_ORCHESTRATOR_RUN_H

#include <stdbool.h>

/* Runs QEMU's command line (ended by NULL), or with `print` prints the commands only. Returns the
 * exit status for this program: QEMU's own, 128 + N if signal N killed QEMU, or 1, after a
 * message, if it could not be started. */
int mpr_run(char *const *argv, bool print);

#endif

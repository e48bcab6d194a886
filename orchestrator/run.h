/* SPDX-License-Identifier: MIT */
/* Runs QEMU and its remote processes from their start to their end. */
#ifndef MPR_ORCHESTRATOR_RUN_H
#define MPR_ORCHESTRATOR_RUN_H

#include <stdbool.h>

/* Runs the command line, or with `print` only prints the commands. Returns the
 * exit status for this program: QEMU's own, 128 + the signal that killed QEMU,
 * or 1 after a message when it could not be started. */
int mpr_run(char *const *argv, bool print);

#endif

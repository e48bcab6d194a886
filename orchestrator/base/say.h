/* SPDX-License-Identifier: MIT */
/* Messages to the operator. */
#ifndef MPR_ORCHESTRATOR_BASE_SAY_H
#define MPR_ORCHESTRATOR_BASE_SAY_H

/* Writes "mpring: TEXT" and a newline to standard error; without blocking, once
 * mpr_log_writer_start() was called. */
void mpr_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

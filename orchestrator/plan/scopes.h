/* SPDX-License-Identifier: MIT */
/* Options of QEMU that are refused with remote processes, or under mpring at all. */
#ifndef MPR_ORCHESTRATOR_PLAN_SCOPES_H
#define MPR_ORCHESTRATOR_PLAN_SCOPES_H

/* Checks that all options are known, and none would hold for QEMU but not for the remote processes.
 * For command lines (ended by NULL) that have such. 0, or -EINVAL with *error set to a message that
 * quotes the option (free() it). */
int mpr_check_scopes(char *const *argv, char **error);

/* Checks that QEMU stays a child of this process, which supervises it. Results as above. */
int mpr_check_supervision(char *const *argv, char **error);

#endif

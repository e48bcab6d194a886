/* SPDX-License-Identifier: MIT */
/* Options that a machine with remote processes, or mpring, cannot have. */
#ifndef MPR_ORCHESTRATOR_PLAN_SCOPES_H
#define MPR_ORCHESTRATOR_PLAN_SCOPES_H

/* That no option holds for a half of the machine only; for command lines (ended by NULL)
 * with remote processes. 0, or -EINVAL with *error set to a message that quotes the option
 * (free() it). */
int mpr_check_scopes(char *const *argv, char **error);

/* That QEMU stays a child of this process, as its supervision needs. Results as above. */
int mpr_check_supervision(char *const *argv, char **error);

#endif

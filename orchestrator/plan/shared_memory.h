/* SPDX-License-Identifier: MIT */
/* Guest memory, which device processes map as well as QEMU. */
#ifndef MPR_ORCHESTRATOR_PLAN_SHARED_MEMORY_H
#define MPR_ORCHESTRATOR_PLAN_SHARED_MEMORY_H

/* Checks that the guest memory of a command line (ended by NULL) can be shared. 0, or -EINVAL with
 * *error set to a message that quotes the option (free() it). */
int mpr_check_memory(char *const *argv, char **error);

#endif

/* SPDX-License-Identifier: MIT */
/* The command lines of the processes that a plan asks for. */
#ifndef MPR_ORCHESTRATOR_PLAN_ARGV_H
#define MPR_ORCHESTRATOR_PLAN_ARGV_H

#include "orchestrator/plan/plan.h"

/*
 * Command lines, ended by NULL (g_strfreev() them). A remote's lists its drives, its adapters and
 * its other devices, in this order; `fd` is its end of its socket. QEMU's keeps the order given,
 * with a proxy in the place of each adapter; fds[i] is QEMU's end of remote i's socket.
 *
 * `monitor`: the descriptor of the process's private QMP monitor, or -1: it has none.
 */
char **mpr_plan_remote_argv(const struct mpr_plan *plan, size_t remote, const char *program, int fd,
			    int monitor);
char **mpr_plan_qemu_argv(const struct mpr_plan *plan, const int *fds, int monitor);

/* The command line of a remote process that will get its devices later. Where it runs is taken from
 * the options of rid `rid`. */
char **mpr_plan_new_remote_argv(const struct mpr_plan *plan, uint64_t rid, const char *program,
				int monitor);

#endif

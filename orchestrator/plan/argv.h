/* SPDX-License-Identifier: MIT */
/* The command lines of the processes that a plan asks for. */
#ifndef MPR_ORCHESTRATOR_PLAN_ARGV_H
#define MPR_ORCHESTRATOR_PLAN_ARGV_H

#include "orchestrator/plan/plan.h"

/*
 * Command lines, ended by NULL (g_strfreev() them). A remote gets its drives, adapters and
 * other devices in this order. QEMU keeps the order given, with each adapter's proxy in the
 * adapter's place; fds[i] is its end of remote i's socket.
 *
 * `monitor`: the socket of a QMP monitor that the process is to have, or -1.
 */
char **mpr_plan_remote_argv(const struct mpr_plan *plan, size_t remote, const char *program, int fd,
			    int monitor);
char **mpr_plan_qemu_argv(const struct mpr_plan *plan, const int *fds, int monitor);

/* The command line of a remote process that has no devices yet; its options say where
 * it is to run. */
char **mpr_plan_new_remote_argv(const struct mpr_plan *plan, uint64_t rid, const char *program,
				int monitor);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A QEMU command line with -rdevice and -rdrive options, taken apart into the
 * command lines of QEMU and of one remote process for each rid.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_ARGS_H
#define MPR_ORCHESTRATOR_PLAN_ARGS_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

struct mpr_plan;

/* Takes a command line (ended by NULL, kept by the caller until
 * mpr_plan_free()) apart. 0, or -EINVAL with *error set to a message that
 * quotes the option (free() it). */
int mpr_plan_create(char *const *argv, struct mpr_plan **plan, char **error);
void mpr_plan_free(struct mpr_plan *plan);

/* Remote processes are numbered from 0, in the order in which their rids were
 * first named. */
size_t mpr_plan_remotes(const struct mpr_plan *plan);
uint64_t mpr_plan_rid(const struct mpr_plan *plan, size_t remote);

/* Its -rdevice and -rdrive options: struct mpr_remote_option, in their order. Of a
 * machine that runs they may be changed, once there is a command line for QEMU. */
GPtrArray *mpr_plan_options(const struct mpr_plan *plan);

/* The command line with what its configuration files say; without remote processes only
 * the former. */
char *const *mpr_plan_said(const struct mpr_plan *plan);

/* Its -global options: struct mpr_global. */
const GPtrArray *mpr_plan_globals(const struct mpr_plan *plan);

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

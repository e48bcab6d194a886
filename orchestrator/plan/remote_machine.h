/* SPDX-License-Identifier: MIT */
/*
 * What the options of adapters say about the remote process that serves them:
 * poll-us=, cpu= and numa-node=. They become its -machine; poll-us= is also for
 * QEMU's side.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_REMOTE_MACHINE_H
#define MPR_ORCHESTRATOR_PLAN_REMOTE_MACHINE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Checks option `index` of a list of struct mpr_remote_option against those before
 * it: adapters of one process must not contradict each other. 0, or -EINVAL with
 * *error set to a message that quotes the option (free() it). */
int mpr_remote_machine_check(const GPtrArray *options, size_t index, char **error);

/* The same of a process that runs already: what it was not started with comes too late. */
int mpr_remote_machine_check_running(const GPtrArray *options, size_t index, char **error);

/* The value of the -machine of process `rid`, or NULL: nothing was said (free() it). */
char *mpr_remote_machine_value(const GPtrArray *options, uint64_t rid);

#endif

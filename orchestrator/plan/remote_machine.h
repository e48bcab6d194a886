/* SPDX-License-Identifier: MIT */
/*
 * Properties of adapters that configure the remote process which serves them: poll-us=, cpu= and
 * numa-node=. They become the process's -machine; poll-us= is passed to the proxy as well.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_REMOTE_MACHINE_H
#define MPR_ORCHESTRATOR_PLAN_REMOTE_MACHINE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Checks that option `index` of a list of struct mpr_remote_option does not contradict those before
 * it of the same process. 0, or -EINVAL with *error set to a message that quotes the option
 * (free() it). */
int mpr_remote_machine_check(const GPtrArray *options, size_t index, char **error);

/* The same for a process that runs: it is too late for properties that it was not started with. */
int mpr_remote_machine_check_running(const GPtrArray *options, size_t index, char **error);

/* The value of -machine for process `rid` (free() it), or NULL: no adapter has such a property. */
char *mpr_remote_machine_value(const GPtrArray *options, uint64_t rid);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a QEMU command line with -rdevice, -rdrive and -rplugin options asks for: a machine whose
 * devices are in QEMU and in one remote process for each rid.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_PLAN_H
#define MPR_ORCHESTRATOR_PLAN_PLAN_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

struct mpr_plan;

/* Parses and checks a command line (ended by NULL), which must outlive the plan. 0, or -EINVAL with
 * *error set to a message that quotes the option (free() it). */
int mpr_plan_create(char *const *argv, struct mpr_plan **plan, char **error);
void mpr_plan_free(struct mpr_plan *plan);

/* How many remote processes there are. They are numbered from 0, in the order in which their rids
 * first occur. */
size_t mpr_plan_remotes(const struct mpr_plan *plan);
uint64_t mpr_plan_rid(const struct mpr_plan *plan, size_t remote);
/* The number of the one with that rid; mpr_plan_remotes(): there is none. */
size_t mpr_plan_remote_of(const struct mpr_plan *plan, uint64_t rid);

/* The -rdevice and -rdrive options (struct mpr_remote_option) in their order. Once QEMU's command
 * line was made, the list may be changed, and follows the running machine. */
GPtrArray *mpr_plan_options(const struct mpr_plan *plan);

/* The command line as it was given. */
char *const *mpr_plan_given(const struct mpr_plan *plan);

/* The same with the options of its configuration files, if there are remote processes. */
char *const *mpr_plan_said(const struct mpr_plan *plan);

/* The files of its -rplugin options, ended by NULL. */
char *const *mpr_plan_plugins(const struct mpr_plan *plan);

/* The drivers of the remote program; `program` matters in the first call only. */
struct mpr_drivers *mpr_plan_drivers(struct mpr_plan *plan, const char *program);

/* The -global options (struct mpr_global). */
const GPtrArray *mpr_plan_globals(const struct mpr_plan *plan);

#endif

/* SPDX-License-Identifier: MIT */
/* Where the process runs: -machine x-remote,cpu=LIST,numa-node=N. */
#ifndef MPR_REMOTE_PROCESS_PLACEMENT_H
#define MPR_REMOTE_PROCESS_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>

#include "opts/opts.h"

/* What the options say, checked against this machine. */
struct mpr_placement {
	bool has_cpus;
	cpu_set_t cpus;
	int node; /* NUMA node; -1: not said */
};

/* Reads the two properties of `opts`; what they do not say stays as it is. 0, or
 * negative errno with *error set to a message. */
int mpr_placement_parse(const struct mpr_opts *opts, struct mpr_placement *placement, char **error);

/*
 * Binds the calling thread to the processors, or else to those of the node, and has
 * memory allocated on the node; threads that it starts inherit both.
 * 0, or negative errno with *error set to a message.
 */
int mpr_placement_apply(const struct mpr_placement *placement, char **error);

/* The NUMA node on which memory that this process polls should lie: that of numa-node=,
 * else the one on which all processors of cpu= are. -1: any. */
int mpr_placement_node(const struct mpr_placement *placement);

#endif

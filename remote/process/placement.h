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
 * Has the calling thread run there, and what it allocates lie there; threads that
 * it starts inherit both. With a node and no processors it runs on the node's.
 * 0, or negative errno with *error set to a message.
 */
int mpr_placement_apply(const struct mpr_placement *placement, char **error);

/* The node to which memory that this process polls should be near: the one that
 * was said, else the one of all its processors. -1: neither was said, or they
 * lie on several. */
int mpr_placement_node(const struct mpr_placement *placement);

#endif

/* SPDX-License-Identifier: MIT */
/* Starting a process that ends with this one and has no more than its due. */
#ifndef MPR_ORCHESTRATOR_FAMILY_CHILD_H
#define MPR_ORCHESTRATOR_FAMILY_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mpr_child {
	char *const *argv; /* the program is looked up in PATH */
	const int *fds;	   /* close-on-exec here, but inherited by the child */
	size_t fd_count;
	int ready; /* likewise, named by MPRING_READY: it is to say there that it is; -1: not */
	/* Put before what LD_PRELOAD has, or NULL. It is told of `fds` by MPRING_SOCKETS. */
	const char *preload;
	const sigset_t *signals; /* the child's signal mask */
	bool no_input;		 /* standard input is not the child's to read */
	/* Away from the terminal: a process group of its own, no input, output
	 * to standard error, and no other inherited files. */
	bool background;
};

/* 0 once the program runs, or the negative errno of its start. */
int mpr_child_start(const struct mpr_child *child, pid_t *pid);

#endif

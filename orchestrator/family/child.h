/* SPDX-License-Identifier: MIT */
/* Starting a process that dies with this one and inherits only what it is given. */
#ifndef MPR_ORCHESTRATOR_FAMILY_CHILD_H
#define MPR_ORCHESTRATOR_FAMILY_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mpr_child {
	char *const *argv; /* the program is looked up in PATH */
	const int *fds;	   /* inherited by the child, though close-on-exec here */
	size_t fd_count;
	int ready; /* inherited; where the child reports that it is ready (MPRING_READY); -1: none
		    */
	/* Prepended to LD_PRELOAD, or NULL. The object learns `fds` from MPRING_SOCKETS. */
	const char *preload;
	const sigset_t *signals; /* the child's signal mask */
	bool no_input;		 /* its standard input is /dev/null */
	/* Detached from the terminal: a process group of its own, no input, output to standard
	 * error, and no other inherited descriptors. */
	bool background;
};

/* 0 once exec() has succeeded; else a negative errno, and there is no child. */
int mpr_child_start(const struct mpr_child *child, pid_t *pid);

#endif

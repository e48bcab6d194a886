/* SPDX-License-Identifier: MIT */
/* File descriptors that a monitor's client has sent, under the names it gave them. */
#ifndef MPR_REMOTE_MONITOR_PASSED_H
#define MPR_REMOTE_MONITOR_PASSED_H

#include <stddef.h>

/* A client cannot use up the process' descriptors. */
#define MPR_PASSED_MAX 32

struct mpr_passed_fds {
	size_t count;
	struct mpr_passed_fd {
		char *name;
		int fd;
	} list[MPR_PASSED_MAX];
};

/* Takes fd over, and closes another one of that name. 0; -ENOSPC or -ENOMEM: fd is
 * still the caller's. */
int mpr_passed_add(struct mpr_passed_fds *fds, const char *name, int fd);

/* The descriptor, or -1. */
int mpr_passed_find(const struct mpr_passed_fds *fds, const char *name);

/* Forgets the name, which is there; returns the descriptor, now the caller's. */
int mpr_passed_take(struct mpr_passed_fds *fds, const char *name);

/* Closes them all. */
void mpr_passed_free(struct mpr_passed_fds *fds);

#endif

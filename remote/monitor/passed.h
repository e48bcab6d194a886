/* SPDX-License-Identifier: MIT */
/* File descriptors that a monitor's client sent, by name (getfd). */
#ifndef MPR_REMOTE_MONITOR_PASSED_H
#define MPR_REMOTE_MONITOR_PASSED_H

#include <stddef.h>

/* Without a limit a client could exhaust the process's descriptors. */
#define MPR_PASSED_MAX 32

struct mpr_passed_fds {
	size_t count;
	struct mpr_passed_fd {
		char *name;
		int fd;
	} list[MPR_PASSED_MAX];
};

/* Takes fd over and closes the one that had the name before. 0; -ENOSPC or -ENOMEM: fd stays
 * the caller's. */
int mpr_passed_add(struct mpr_passed_fds *fds, const char *name, int fd);

/* The descriptor, or -1. */
int mpr_passed_find(const struct mpr_passed_fds *fds, const char *name);

/* Removes a name that exists; returns its descriptor, now the caller's. */
int mpr_passed_take(struct mpr_passed_fds *fds, const char *name);

/* Closes them all. */
void mpr_passed_free(struct mpr_passed_fds *fds);

#endif

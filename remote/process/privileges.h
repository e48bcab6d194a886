/* SPDX-License-Identifier: MIT */
/* -runas and -chroot: what a process gives up when its files and sockets are open. */
#ifndef MPR_REMOTE_PROCESS_PRIVILEGES_H
#define MPR_REMOTE_PROCESS_PRIVILEGES_H

#include <sys/types.h>

struct mpr_privileges {
	const char *root; /* the folder that becomes "/", or NULL */
	const char *user; /* -runas as it was given, or NULL */
	char *name;	  /* of the user, whose groups are taken; NULL: by numbers */
	uid_t uid;
	gid_t gid;
};

/* Takes the argument of -runas, USER or UID:GID, which is kept by the caller. 0, or
 * -EINVAL or -ENOMEM with *error set to a message (free() it). Free the name. */
int mpr_privileges_set_user(struct mpr_privileges *privileges, const char *text, char **error);

/*
 * Changes the root directory, groups and user of all threads; -EPERM if the process could
 * become root again. The parent-death signal, which the kernel clears, is set again.
 * Results as above.
 */
int mpr_privileges_drop(const struct mpr_privileges *privileges, char **error);

#endif

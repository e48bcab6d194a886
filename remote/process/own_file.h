/* SPDX-License-Identifier: MIT */
/* Files that this process made by a path, and removes in the end: sockets, pid files. By
 * then the path may be another's, who put a file of his in its place, or because the
 * process has another root (-chroot). */
#ifndef MPR_REMOTE_PROCESS_OWN_FILE_H
#define MPR_REMOTE_PROCESS_OWN_FILE_H

#include <sys/types.h>

struct mpr_own_file {
	dev_t device;
	ino_t inode; /* 0: it is not known */
};

/* What lies at the path is this process' own. */
void mpr_own_file_note(struct mpr_own_file *file, const char *path);

/* Removes it, if it still lies there. */
void mpr_own_file_remove(const struct mpr_own_file *file, const char *path);

#endif

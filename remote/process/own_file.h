/* SPDX-License-Identifier: MIT */
/* Files that this process makes and removes when it ends: sockets, pid files. By then
 * another file may lie at the path, because somebody replaced it or because -chroot
 * changed what the path means; device and inode number tell. */
#ifndef MPR_REMOTE_PROCESS_OWN_FILE_H
#define MPR_REMOTE_PROCESS_OWN_FILE_H

#include <sys/types.h>

struct mpr_own_file {
	dev_t device;
	ino_t inode; /* 0: it is not known */
};

/* Remembers the file that lies at the path. */
void mpr_own_file_note(struct mpr_own_file *file, const char *path);

/* Removes that file, if it still lies there. */
void mpr_own_file_remove(const struct mpr_own_file *file, const char *path);

#endif

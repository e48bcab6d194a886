/* SPDX-License-Identifier: MIT */
#include "remote/process/own_file.h"

#include <sys/stat.h>
#include <unistd.h>

void mpr_own_file_note(struct mpr_own_file *file, const char *path)
{
	struct stat st;

	*file = (struct mpr_own_file){0};
	if (lstat(path, &st) == 0)
		*file = (struct mpr_own_file){.device = st.st_dev, .inode = st.st_ino};
}

void mpr_own_file_remove(const struct mpr_own_file *file, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_dev == file->device && st.st_ino == file->inode)
		(void)unlink(path);
}

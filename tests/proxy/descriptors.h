/* SPDX-License-Identifier: MIT */
/* What a process has open. */
#ifndef MPR_TESTS_PROXY_DESCRIPTORS_H
#define MPR_TESTS_PROXY_DESCRIPTORS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Descriptor `fd` of the process, as in /proc: "socket:[123]", "/memfd:guest (deleted)";
 * "" if it has gone. */
static inline void descriptor_name(pid_t pid, int fd, char name[256])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, name, 255);
	name[n > 0 ? n : 0] = 0;
}

static inline bool descriptor_survives_exec(pid_t pid, int fd)
{
	char path[64], line[128];
	unsigned flags = O_CLOEXEC;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		(void)sscanf(line, "flags: %o", &flags);
	if (file)
		fclose(file);
	return !(flags & O_CLOEXEC);
}

/* How many the process has whose name has `part` in it, standard streams aside.
 * Prints those that survive exec if `survivors` is given, which counts them. */
static inline unsigned descriptors_count(pid_t pid, const char *part, unsigned *survivors)
{
	char path[64], name[256];
	const struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd <= STDERR_FILENO)
			continue;
		descriptor_name(pid, fd, name);
		n += strstr(name, part) != NULL;
		if (!survivors || !descriptor_survives_exec(pid, fd))
			continue;
		printf("# survives exec: %d %s\n", fd, name);
		++*survivors;
	}
	if (dir)
		closedir(dir);
	return n;
}

#endif

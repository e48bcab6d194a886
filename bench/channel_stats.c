/* SPDX-License-Identifier: MIT */
/*
 * channel_stats: the counters of every channel that a process has open, as a
 * JSON array on one line. It maps them to read, so that it disturbs nobody.
 *
 *   channel_stats PID     needs the right to look into the process
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring/layout.h"

static void print_channel(const struct mpr_channel_shared *shared, bool first)
{
	const char *separator = first ? "{" : ", {";

/* Relaxed: counters order nothing. */
#define PRINT(side, counter)                                               \
	(printf("%s\"%s\": %" PRIu64, separator, #counter,                 \
		__atomic_load_n(&shared->side.counter, __ATOMIC_RELAXED)), \
	 separator = ", ")

	PRINT(proxy_stats, posted);
	PRINT(proxy_stats, reads);
	PRINT(proxy_stats, ring_full);
	PRINT(proxy_stats, doorbells);
	PRINT(proxy_stats, reply_sleeps);
	PRINT(proxy_stats, shadow_reads);
	PRINT(proxy_stats, quiet_acks);
	PRINT(remote_stats, received);
	PRINT(remote_stats, replied);
	PRINT(remote_stats, interrupts);
	PRINT(remote_stats, remote_sleeps);
	PRINT(remote_stats, reply_wakes);
	PRINT(remote_stats, events);
	PRINT(remote, events_dropped);
	PRINT(remote_stats, intx_told);
	printf("}");
#undef PRINT
}

/* Maps the file if it is a channel's memory, otherwise returns NULL. */
static struct mpr_channel_shared *map_channel(int fd, size_t *size)
{
	struct mpr_channel_shared *shared;
	struct stat st;

	if (fstat(fd, &st) < 0 || (size_t)st.st_size < sizeof(*shared))
		return NULL;
	*size = (size_t)st.st_size;
	shared = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return NULL;
	if (shared->header.magic == MPR_CHANNEL_MAGIC && shared->header.abi == MPR_CHANNEL_ABI)
		return shared;
	munmap(shared, *size);
	return NULL;
}

/* Whether it printed one. */
static bool print_if_channel(int folder, const char *name, bool first)
{
	struct mpr_channel_shared *shared;
	char target[PATH_MAX];
	size_t size;
	ssize_t length = readlinkat(folder, name, target, sizeof(target) - 1);
	int fd;

	if (length < 0)
		return false;
	target[length] = '\0';
	if (strncmp(target, "/memfd:mpring", strlen("/memfd:mpring")) != 0)
		return false;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	shared = map_channel(fd, &size);
	close(fd);
	if (!shared)
		return false;
	print_channel(shared, first);
	munmap(shared, size);
	return true;
}

int main(int argc, char **argv)
{
	char path[64];
	struct dirent *entry;
	bool first = true;
	DIR *folder;

	if (argc != 2 || strspn(argv[1], "0123456789") != strlen(argv[1])) {
		fprintf(stderr, "usage: channel_stats PID\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%.20s/fd", argv[1]);
	folder = opendir(path);
	if (!folder) {
		perror(path);
		return 1;
	}
	printf("[");
	while ((entry = readdir(folder)))
		if (print_if_channel(dirfd(folder), entry->d_name, first))
			first = false;
	printf("]\n");
	closedir(folder);
	return 0;
}

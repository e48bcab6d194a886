/* SPDX-License-Identifier: MIT */
/*
 * channel_stats: the counters of every channel that a process has mapped, as a
 * JSON array on one line. It copies them from the process's memory, so that it
 * disturbs nobody.
 *
 *   channel_stats PID     needs the right to look into the process
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ring/layout.h"

static void print_channel(const struct mpr_channel_shared *shared, bool first)
{
	const char *separator = first ? "{" : ", {";

#define PRINT(side, counter)                                                                \
	(printf("%s\"%s\": %" PRIu64, separator, #counter, (uint64_t)shared->side.counter), \
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

/* Where a line of /proc/PID/maps says that a file of mpring's begins, or 0. */
static uint64_t beginning(const char *line)
{
	uint64_t start, offset;

	if (!strstr(line, " /memfd:mpring") ||
	    sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64, &start, &offset) != 2 || offset != 0)
		return 0;
	return start;
}

/* Whether a channel is there. */
static bool copy_channel(int memory, uint64_t address, struct mpr_channel_shared *shared)
{
	return pread(memory, shared, sizeof(*shared), (off_t)address) == sizeof(*shared) &&
	       shared->header.magic == MPR_CHANNEL_MAGIC && shared->header.abi == MPR_CHANNEL_ABI;
}

static void print_channels(FILE *maps, int memory)
{
	struct mpr_channel_shared shared;
	char line[512];
	bool first = true;

	printf("[");
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start = beginning(line);

		if (start && copy_channel(memory, start, &shared)) {
			print_channel(&shared, first);
			first = false;
		}
	}
	printf("]\n");
}

int main(int argc, char **argv)
{
	char path[64];
	FILE *maps;
	int memory;

	if (argc != 2 || strspn(argv[1], "0123456789") != strlen(argv[1])) {
		fprintf(stderr, "usage: channel_stats PID\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%.20s/mem", argv[1]);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0) {
		perror(path);
		return 1;
	}
	snprintf(path, sizeof(path), "/proc/%.20s/maps", argv[1]);
	maps = fopen(path, "re");
	if (!maps) {
		perror(path);
		return 1;
	}
	print_channels(maps, memory);
	fclose(maps);
	close(memory);
	return 0;
}

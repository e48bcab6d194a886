/* SPDX-License-Identifier: MIT */
/*
 * Shared memory with placement: a memfd on hugepages if there are any, on the
 * NUMA node that is asked for, with every page present, sealed against
 * changing its size. One thread.
 */
#ifndef MPR_RING_MEMORY_H
#define MPR_RING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct mpr_memory {
	void *base;
	size_t size; /* of the file and of the mapping */
	int fd;
	bool hugepages; /* 2 MiB */
};

/*
 * Creates at least `size` bytes, zeroed. Without hugepages (none free, or
 * `normal_pages`) it takes normal ones. numa_node -1: anywhere; otherwise the
 * node is preferred: if it has no room, another one serves. 0; -EINVAL: there
 * is no such node; negative errno.
 */
int mpr_memory_create(struct mpr_memory *memory, size_t size, int numa_node, bool normal_pages);

/* Whether there is such a NUMA node, and this process may use it. */
bool mpr_memory_has_node(int numa_node);

/*
 * Maps a memfd that somebody else created, which must be sealed against
 * growing, shrinking and further sealing, and be from min to max bytes long.
 * 0; -EPROTO: it is not so; negative errno. On success the memory owns fd.
 */
int mpr_memory_attach(struct mpr_memory *memory, int fd, size_t min, size_t max);

/* Unmaps and closes. */
void mpr_memory_destroy(struct mpr_memory *memory);

#endif

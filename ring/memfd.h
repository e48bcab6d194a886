/* SPDX-License-Identifier: MIT */
/*
 * Shared memory with placement: a memfd on hugepages if there are any, on the
 * NUMA node that is asked for, with every page present, sealed against
 * changing its size and, once both sides have mapped it, against losing a page:
 * then no access can fail. One thread.
 */
#ifndef MPR_RING_MEMFD_H
#define MPR_RING_MEMFD_H

#include <stdbool.h>
#include <stddef.h>

struct mpr_memfd {
	void *base;
	size_t size;	/* of the file and of the mapping */
	int fd;		/* closed by exec; -1: closed */
	bool hugepages; /* 2 MiB */
};

/*
 * Creates at least `size` bytes, zeroed. Without hugepages (none free, or
 * `normal_pages`) it takes normal ones. numa_node -1: anywhere; otherwise the
 * node is preferred: if it has no room, another one serves. 0; -EINVAL: there
 * is no such node; negative errno.
 */
int mpr_memfd_create(struct mpr_memfd *memfd, size_t size, int numa_node, bool normal_pages);

/* Whether there is such a NUMA node, and this process may use it. */
bool mpr_numa_has_node(int numa_node);

/*
 * Maps a memfd that somebody else created, which must be sealed against
 * growing and shrinking, but not against writing, and be from min to max bytes long.
 * 0; -EPROTO: it is not so; negative errno. On success the memory owns fd.
 */
int mpr_memfd_attach(struct mpr_memfd *memfd, int fd, size_t min, size_t max);

/*
 * From now on nobody can punch holes into the file, nor map it writable who has
 * not done so: no page goes away any more, and an access does not end in SIGBUS
 * because the pool of hugepages is empty. Either side calls it, to be sure of it;
 * again does no harm. 0; -EPERM: the file is sealed against sealing; -ENOSPC or
 * -ENOMEM: pages were punched out before, and there are no others.
 */
int mpr_memfd_keep(const struct mpr_memfd *memfd);

/* The mapping is all that is used from here on. */
void mpr_memfd_close_file(struct mpr_memfd *memfd);

/* Unmaps and closes. */
void mpr_memfd_destroy(struct mpr_memfd *memfd);

#endif

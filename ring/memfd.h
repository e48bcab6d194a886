/* SPDX-License-Identifier: MIT */
/*
 * Shared memory with placement: a memfd on hugepages if any are free, on the NUMA node
 * that is asked for, with every page allocated, sealed against changing its size and,
 * once both sides have mapped it, against holes: then no access raises SIGBUS. One
 * thread.
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
 * Creates at least `size` bytes, zeroed, on normal pages with `normal_pages` or if there
 * are not enough free hugepages. The NUMA node is preferred, not required; -1: any. 0;
 * -EINVAL: there is no such node; negative errno.
 */
int mpr_memfd_create(struct mpr_memfd *memfd, size_t size, int numa_node, bool normal_pages);

/* Whether the NUMA node exists and this process may use it. */
bool mpr_numa_has_node(int numa_node);

/*
 * Maps a memfd that a peer created. It must be sealed against growing and shrinking, not
 * be sealed against writing, and have from min to max bytes. 0; -EPROTO: it has not;
 * negative errno. On success *memfd owns fd.
 */
int mpr_memfd_attach(struct mpr_memfd *memfd, int fd, size_t min, size_t max);

/*
 * Seals the file so that nobody can punch holes into it, or map it writable anew, and
 * fills holes that are there: without this an access to a hole raises SIGBUS when no
 * hugepage is free. Each side calls it for its own safety; it may be called again. 0;
 * -EPERM: the file is sealed against sealing; -ENOSPC or -ENOMEM: no pages for the holes.
 */
int mpr_memfd_keep(const struct mpr_memfd *memfd);

/* Closes the file; the mapping stays. */
void mpr_memfd_close_file(struct mpr_memfd *memfd);

/* Unmaps and closes. */
void mpr_memfd_destroy(struct mpr_memfd *memfd);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Guest memory: an immutable table of regions, counted, so that a mapping
 * lent to asynchronous I/O outlives the table's replacement.
 *
 * Files are mapped whole and once, however many regions and tables name them.
 * They must be memfds, or files on tmpfs or hugetlbfs: on any other file system
 * the VMM might control the server of a page, and let an access block forever.
 * If the VMM truncates a file, zero pages take the place of its mapping, and the
 * table says that it is lost (mpr_ram_guard()).
 *
 * One thread.
 */
#ifndef MPR_REMOTE_DEVICE_RAM_H
#define MPR_REMOTE_DEVICE_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/uring.h"
#include "wire/protocol.h"

struct mpr_ram;
struct mpr_ram_file;

/* The files that are mapped. Zeroed before first use. */
struct mpr_ram_pool {
	struct mpr_ram_file *files;
	/* Where mpr_ram_lock() registers memory; NULL: it does nothing. */
	struct mpr_uring *uring;
};

/*
 * Makes a table of `count` regions that mpr_wire_check() accepted; region->fd
 * indexes fds, which stay the caller's. The table has one reference. 0, or
 * negative errno with *error set to a message (free() it).
 */
int mpr_ram_create(struct mpr_ram_pool *pool, const struct mpr_wire_region *regions, size_t count,
		   const int *fds, struct mpr_ram **ram, char **error);

/*
 * Allocates and pins the memory of the table for as long as any table names it,
 * and registers it with the pool's io_uring, so that disk I/O does not look up
 * its pages each time. What is pinned already costs nothing. The VMM must not
 * discard pages of it meanwhile. 0; or negative errno: some or all of it works
 * as before (-ENOMEM: RLIMIT_MEMLOCK).
 */
int mpr_ram_lock(struct mpr_ram *ram);

void mpr_ram_ref(struct mpr_ram *ram);
/* NULL is ignored. The last reference unmaps what no other table uses. */
void mpr_ram_unref(struct mpr_ram *ram);
unsigned mpr_ram_refs(const struct mpr_ram *ram);

/*
 * Where guest address addr is mapped; *len is shortened to the bytes that are
 * contiguous from there. NULL: not guest memory, or `write` and read-only.
 */
void *mpr_ram_at(struct mpr_ram *ram, uint64_t addr, size_t *len, bool write);

/*
 * Copies. A naturally aligned access of 1, 2, 4 or 8 bytes is a single load or
 * store, so that a guest never sees a word half written. 0, or -EFAULT after
 * nothing or a part was copied. `ram` may be NULL: no address is guest memory then.
 */
int mpr_ram_read(struct mpr_ram *ram, uint64_t addr, void *buf, size_t len);
int mpr_ram_write(struct mpr_ram *ram, uint64_t addr, const void *buf, size_t len);

/* True when a file of the table was truncated. */
bool mpr_ram_lost(const struct mpr_ram *ram);

/*
 * Survives SIGBUS from an access beyond the end of one of the pool's files: the
 * handler maps zero pages in the file's place and marks it as lost. Any other
 * SIGBUS kills the process as usual. One pool a process; NULL restores the
 * default. 0 or negative errno.
 */
int mpr_ram_guard(struct mpr_ram_pool *pool);

#endif

/* SPDX-License-Identifier: MIT */
/* What an mpr_uring is made of. Private to event/. */
#ifndef MPR_EVENT_URING_INTERNAL_H
#define MPR_EVENT_URING_INTERNAL_H

#include "event/uring.h"

/* Registered files; more than a process has disks and VMMs. */
#define MPR_URING_FILES 512
/* Registered buffers: the kernel takes 1 GiB each. */
#define MPR_URING_BUFFERS 1024
#define MPR_URING_AREAS 32
#define MPR_URING_BUFFER_MAX (1u << 30)

/* Memory that was registered, cut into buffers. */
struct mpr_uring_area {
	uintptr_t base; /* 0: unused */
	size_t len;
	unsigned first, count; /* buffers */
};

struct mpr_uring {
	struct io_uring ring;
	struct mpr_uring_stats *stats; /* of the ring to which this belongs */
	struct mpr_uring_stats own_stats;
	struct mpr_uring *polled; /* the ring that belongs to this, or NULL */
	unsigned queued;	  /* entries handed out and not submitted */
	/* Operations submitted and not reaped; means nothing where operations
	 * complete more than once. */
	uint64_t in_flight;
	bool fixed_vectors;
	bool has_files, has_buffers; /* the kernel's tables, made when first used */
	bool file_used[MPR_URING_FILES];
	bool buffer_used[MPR_URING_BUFFERS];
	struct mpr_uring_area area[MPR_URING_AREAS];
	unsigned areas; /* no area from here on is used */
};

/* Registers with `to` all memory that is registered with `from`. 0 or negative
 * errno. */
int mpr_uring_copy_memory(struct mpr_uring *to, const struct mpr_uring *from);

#endif

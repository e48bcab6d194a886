/* SPDX-License-Identifier: MIT */
/* A file of guest memory, mapped once for all tables that name it. Private to
 * remote/device/. */
#ifndef MPR_REMOTE_DEVICE_RAM_FILE_H
#define MPR_REMOTE_DEVICE_RAM_FILE_H

#include <sys/types.h>

#include "remote/device/ram.h"

struct mpr_ram_file {
	struct mpr_ram_file *next;
	dev_t dev;
	ino_t ino;
	bool writable;
	bool locked;
	volatile bool lost; /* set by a signal handler */
	uint8_t *base;
	size_t length;
	unsigned refs;
};

/* Maps the file behind fd, unless the pool has it, and counts the reference. 0, or negative
 * errno with *error set to a message (free() it). */
int mpr_ram_file_get(struct mpr_ram_pool *pool, int fd, struct mpr_ram_file **file, char **error);
void mpr_ram_file_put(struct mpr_ram_pool *pool, struct mpr_ram_file *file);

/* As mpr_ram_lock(), one file of it. */
int mpr_ram_file_lock(const struct mpr_ram_pool *pool, struct mpr_ram_file *file);

#endif

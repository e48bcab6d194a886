/* SPDX-License-Identifier: MIT */
/* The drives: disk images that are open, and the disks that use them. */
#ifndef MPR_REMOTE_STORAGE_DRIVES_H
#define MPR_REMOTE_STORAGE_DRIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blk/blk.h"
#include "dev/bus.h"
#include "opts/list.h"
#include "remote/device/list.h"

/* Where a drive is between opening and closing; the machine takes it on. */
enum mpr_drive_state {
	MPR_DRIVE_OPEN,
	MPR_DRIVE_LEAVING, /* its disk is being removed */
	MPR_DRIVE_LEFT,	   /* the disk has stopped using the image */
	MPR_DRIVE_CLOSING, /* a flush is under way; then it is closed */
};

/* A -drive or a -blockdev, and the disk that uses it. */
struct mpr_drive {
	struct mpr_opts *opts;
	bool blockdev;	    /* else a -drive, which is closed with its disk */
	const char *id;	    /* NULL: a -blockdev has none */
	char node_name[32]; /* as given, or made up */
	const char *file, *format;
	struct mpr_blk *blk;
	struct mpr_drive *base;	    /* the node whose blk this is; NULL: its own */
	struct mpr_opts *disk;	    /* the -device that uses it, or NULL */
	struct mpr_hosted *adapter; /* on whose bus the disk is, or NULL */
	struct mpr_disk unit;	    /* the disk there */
	enum mpr_drive_state state;
	uint64_t reported_failures; /* mpr_blk_stats.failed_operations when last logged */
};

struct mpr_storage {
	const struct mpr_model *const *models;	/* of disks, among others */
	struct mpr_uring *uring;		/* for I/O on the images */
	struct mpr_option_list *devices;	/* every -device, disks among them */
	const struct mpr_hosted_list *adapters; /* devices, some with a bus for disks */

	struct mpr_drive **drives;
	size_t count;
	unsigned unnamed_nodes; /* node names made up so far */
};

/* The id of the drive's disk, or NULL. */
const char *mpr_drive_disk_id(const struct mpr_drive *drive);
/* What messages call the drive: its id, else its node name. */
const char *mpr_drive_name(const struct mpr_drive *drive);

/* The drive of that id or node name, or NULL. */
struct mpr_drive *mpr_drive_find(const struct mpr_storage *storage, const char *name);
/* The drive whose disk has that id, or NULL. */
struct mpr_drive *mpr_drive_of_disk(const struct mpr_storage *storage, const char *id);

/* Appends a drive. 0 or -ENOMEM. */
int mpr_drive_add(struct mpr_storage *storage, struct mpr_drive *drive);
/* Takes out a drive that is there. */
void mpr_drive_remove(struct mpr_storage *storage, const struct mpr_drive *drive);

/* True when no drive has I/O in flight. */
bool mpr_drives_idle(const struct mpr_storage *storage);

#endif

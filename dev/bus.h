/* SPDX-License-Identifier: MIT */
/*
 * Buses that device models have, and the disks on them. An adapter's model makes a
 * bus of some type; a disk's model (struct mpr_disk_ops) attaches disks to a bus of
 * its type. Whoever configures a machine knows neither.
 *
 * One thread owns a bus, its adapter and its disks.
 */
#ifndef MPR_DEV_BUS_H
#define MPR_DEV_BUS_H

#include "dev/model.h"

struct mpr_blk;

/* The base part of a bus. Users call it "<id of the adapter>.0". */
struct mpr_bus {
	const char *type; /* MPR_BUS_SCSI */
};

/* The image behind a disk, which stays open until the bus is destroyed or the disk was
 * removed; and what stands in for properties that the disk does not have. */
struct mpr_disk_backing {
	struct mpr_blk *blk;
	const char *serial; /* or NULL */
	const char *id;	    /* the drive's, if the disk names it by that; or NULL */
};

/* A disk at an address of a bus; the bus owns what is there. */
struct mpr_disk {
	const struct mpr_disk_ops *ops; /* NULL: no disk */
	struct mpr_bus *bus;
	unsigned target, lun;
};

/* The tray of a removable disk, which the guest locks, opens and closes. */
struct mpr_tray {
	bool removable, locked, open;
};

/* A disk's model. */
struct mpr_disk_ops {
	struct mpr_model model; /* first; `size` is that of the settings */

	/*
	 * Attaches a disk to a bus of the model's type, as `settings`, on which
	 * model.set() was called, have it. 0; -EEXIST: the address is taken; -EINVAL:
	 * a property's value is wrong; with *error naming the property and the remedy
	 * (free() it; NULL: out of memory).
	 */
	int (*attach)(struct mpr_bus *bus, const struct mpr_disk_backing *backing,
		      const void *settings, struct mpr_disk *disk, char **error);

	/* Takes the disk off the bus. removed(opaque) is called once, perhaps from within
	 * this function, when the image is used no more; it may only take note. */
	void (*remove)(const struct mpr_disk *disk, void (*removed)(void *opaque), void *opaque);

	/* The image's size has changed: the disk tells the guest. */
	void (*resized)(const struct mpr_disk *disk);

	struct mpr_tray (*tray)(const struct mpr_disk *disk);

	/* The value of model.properties[property] as it is, if the model chose it or it
	 * is an address. False: it is what users said, or the default. */
	bool (*get)(const struct mpr_disk *disk, unsigned property, union mpr_value *value);
};

#endif

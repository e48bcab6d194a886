/* SPDX-License-Identifier: MIT */
/* scsi-hd: a direct-access block device (SBC-3) on an mpr_blk. */
#ifndef MPR_DEV_SCSI_DISK_DISK_H
#define MPR_DEV_SCSI_DISK_DISK_H

#include <stdint.h>

#include "blk/blk.h"
#include "dev/scsi/scsi.h"

/* Whether writes end before they are durable, until the initiator changes it. */
enum mpr_scsi_write_cache {
	MPR_SCSI_CACHE_AUTO, /* if the image's cache mode has it so */
	MPR_SCSI_CACHE_ON,   /* also if not: mpr_blk_enable_write_cache() */
	MPR_SCSI_CACHE_OFF,
};

/*
 * Properties of scsi-hd, spelled as QEMU's. 0 and NULL mean the default. What names the
 * disk is as QEMU has it for the same properties, because guests find their disks by
 * it: strings that are too long are cut, too.
 */
struct mpr_scsi_disk_options {
	uint64_t scsi_id;			     /* 0 to 15 */
	uint64_t lun;				     /* 0 to 63 */
	const char *serial, *vendor, *product, *ver; /* NULL: QEMU's defaults */
	const char *device_id; /* default: what fits of the serial number, else none */
	uint64_t wwn, port_wwn;
	uint64_t port_index;   /* to 65535 */
	uint64_t scsi_version; /* in INQUIRY, to 255; default: 5 (SPC-3) */
	uint64_t rotation_rate;

	uint64_t logical_block_size;  /* 512 (default) to 32768, a power of two */
	uint64_t physical_block_size; /* to 2 MiB; default: the logical block size */
	/* Bytes, in multiples of the logical block size, for the initiator to know. */
	uint64_t min_io_size; /* default: the physical block size */
	uint64_t opt_io_size; /* default: none is told */
	uint64_t max_io_size; /* any; longer transfers are refused; default: no limit */
	/* For an image that takes discards. */
	uint64_t discard_granularity; /* default: 4096, or the logical block size */
	uint64_t max_unmap_size;      /* bytes unmapped by one command; default: 1 GiB */
	bool no_unmap;		      /* discards are not offered */
	/* All or none; default: 16 heads, 63 sectors a track. */
	uint64_t cyls, heads, secs;

	bool removable; /* has a tray, which the initiator opens */
	bool no_dpofua; /* DPO and FUA are refused */
	enum mpr_scsi_write_cache write_cache;
};

/*
 * Attaches a disk to the bus, which owns it. The caller keeps the image open until the
 * bus is destroyed or the disk is removed (mpr_scsi_lu_remove()). 0; -EEXIST: the address
 * is taken; -EINVAL: a property has a bad value; -ENOMEM. *error names the property and the
 * remedy (free() it).
 */
int mpr_scsi_disk_create(struct mpr_scsi_bus *bus, struct mpr_blk *blk,
			 const struct mpr_scsi_disk_options *options, char **error);

/* There must be a disk at the address. */
struct mpr_tray mpr_scsi_disk_tray(struct mpr_scsi_bus *bus, unsigned target, unsigned lun);

/* The image's size has changed: the disk reports it to the initiator. There must be a disk
 * at the address. */
void mpr_scsi_disk_resized(struct mpr_scsi_bus *bus, unsigned target, unsigned lun);

#endif

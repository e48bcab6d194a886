/* SPDX-License-Identifier: MIT */
/* scsi-hd: a direct-access block device (SBC-3) on an mpr_blk. */
#ifndef MPR_DEV_SCSI_DISK_H
#define MPR_DEV_SCSI_DISK_H

#include <stdint.h>

#include "blk/blk.h"
#include "dev/scsi/scsi.h"

/*
 * Properties of scsi-hd, spelled as QEMU's. 0 and NULL mean the default. What names the
 * disk is as QEMU has it for the same properties, because guests find their disks by
 * it: strings that are too long are cut, too.
 */
struct mpr_scsi_disk_options {
	unsigned scsi_id;			     /* 0 to 15 */
	unsigned lun;				     /* 0 to 63 */
	const char *serial, *vendor, *product, *ver; /* NULL: QEMU's defaults */
	const char *device_id; /* default: what fits of the serial number, else none */
	uint64_t wwn, port_wwn;
	uint16_t port_index;
	uint32_t logical_block_size;  /* 512 (default) to 32768, a power of two */
	uint32_t physical_block_size; /* default: the logical block size */
	uint16_t rotation_rate;
};

/*
 * Attaches a disk to the bus; the bus owns it, the caller keeps the image open
 * until the bus is destroyed or the disk is removed (mpr_scsi_lu_remove()). 0; -EEXIST: the address
 * is taken; -EINVAL: a property has a bad value; *error names it and the remedy (free() it).
 */
int mpr_scsi_disk_create(struct mpr_scsi_bus *bus, struct mpr_blk *blk,
			 const struct mpr_scsi_disk_options *options, char **error);

/* The image's size has changed: the disk tells the initiator. At the address is
 * a disk. */
void mpr_scsi_disk_resized(struct mpr_scsi_bus *bus, unsigned target, unsigned lun);

#endif

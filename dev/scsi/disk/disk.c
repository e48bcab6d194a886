/* SPDX-License-Identifier: MIT */
/* scsi-hd: its creation from properties, and what is asked of it from outside. */
#include "dev/scsi/disk/disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/scsi/bus.h"
#include "dev/scsi/disk/disk_lu.h"

#define DISCARD_GRANULARITY 4096
#define MAX_UNMAP_SIZE (1u << 30)
#define HEADS 16
#define SECTORS_PER_TRACK 63
#define VERSION_SPC_3 5
#define SERIAL_IN_DEVICE_ID 20 /* characters */

/* Copies what fits of a value, or of the default. */
static void pad(char *field, size_t size, char padding, const char *value, const char *standard)
{
	if (!value)
		value = standard;
	memset(field, padding, size);
	memcpy(field, value, strnlen(value, size));
}

static void set_identity(struct scsi_disk *disk, const struct mpr_scsi_disk_options *o)
{
	size_t device_id_max = o->device_id ? SCSI_DEVICE_ID_MAX : SERIAL_IN_DEVICE_ID;

	pad(disk->vendor, sizeof(disk->vendor), ' ', o->vendor, "QEMU");
	pad(disk->product, sizeof(disk->product), ' ', o->product, "QEMU HARDDISK");
	pad(disk->revision, sizeof(disk->revision), 0, o->ver, "2.5+");
	pad(disk->serial, SCSI_SERIAL_MAX, 0, o->serial, "");
	pad(disk->device_id, device_id_max, 0, o->device_id, disk->serial);
	disk->has_serial = o->serial;
	disk->version = o->scsi_version ? (uint8_t)o->scsi_version : VERSION_SPC_3;
	disk->wwn = o->wwn;
	disk->port_wwn = o->port_wwn;
	disk->port_index = (uint16_t)o->port_index;
	disk->rotation_rate = (uint16_t)o->rotation_rate;
}

static uint64_t or_else(uint64_t value, uint64_t standard)
{
	return value ? value : standard;
}

/* In blocks, but no more than a field of 32 bits holds. */
static uint32_t blocks_of(uint64_t bytes, uint32_t block_size)
{
	return bytes / block_size < UINT32_MAX ? (uint32_t)(bytes / block_size) : UINT32_MAX;
}

static void set_sizes(struct scsi_disk *disk, const struct mpr_scsi_disk_options *o)
{
	uint32_t logical = disk->lu.block_size;
	uint64_t physical = or_else(o->physical_block_size, logical);
	uint64_t granularity = logical > DISCARD_GRANULARITY ? logical : DISCARD_GRANULARITY;

	disk->physical_block_size = (uint32_t)physical;
	disk->min_io_blocks = (uint16_t)(or_else(o->min_io_size, physical) / logical);
	disk->opt_io_blocks = blocks_of(o->opt_io_size, logical);
	disk->max_io_blocks = blocks_of(or_else(o->max_io_size, UINT64_MAX), logical);
	disk->unmap_granularity = blocks_of(or_else(o->discard_granularity, granularity), logical);
	disk->max_unmap_blocks = blocks_of(or_else(o->max_unmap_size, MAX_UNMAP_SIZE), logical);
}

static void set_geometry(struct scsi_disk *disk, const struct mpr_scsi_disk_options *o)
{
	disk->cyls = (uint16_t)o->cyls;
	disk->heads = (uint8_t)or_else(o->heads, HEADS);
	disk->secs = (uint8_t)or_else(o->secs, SECTORS_PER_TRACK);
}

static void set_cache(struct scsi_disk *disk, enum mpr_scsi_write_cache cache)
{
	if (cache == MPR_SCSI_CACHE_ON)
		mpr_blk_enable_write_cache(disk->blk);
	disk->default_wce = cache != MPR_SCSI_CACHE_OFF && mpr_blk_write_cache(disk->blk);
	disk->mode = scsi_disk_default_mode(disk);
}

static bool is_thin(const struct mpr_blk *blk, const struct mpr_scsi_disk_options *o)
{
	return mpr_blk_discards(blk) && !o->no_unmap &&
	       or_else(o->max_unmap_size, MAX_UNMAP_SIZE) >= scsi_disk_logical_block_size(o);
}

static struct scsi_disk *new_disk(struct mpr_blk *blk, const struct mpr_scsi_disk_options *o)
{
	struct scsi_disk *disk = calloc(1, sizeof(*disk));

	if (!disk)
		return NULL;
	disk->thin = is_thin(blk, o);
	scsi_lu_init(&disk->lu, disk->thin ? &scsi_thin_disk_type : &scsi_disk_type,
		     (unsigned)o->scsi_id, (unsigned)o->lun, scsi_disk_logical_block_size(o));
	disk->lu.no_dpofua = o->no_dpofua;
	disk->blk = blk;
	disk->blocks = mpr_blk_size(blk) / disk->lu.block_size;
	disk->removable = o->removable;
	set_identity(disk, o);
	set_sizes(disk, o);
	set_geometry(disk, o);
	return disk;
}

int mpr_scsi_disk_create(struct mpr_scsi_bus *bus, struct mpr_blk *blk,
			 const struct mpr_scsi_disk_options *o, char **error)
{
	struct scsi_disk *disk;
	int r = scsi_disk_check_options(o, error);

	if (r)
		return r;
	disk = new_disk(blk, o);
	r = disk ? scsi_bus_attach(bus, &disk->lu) : -ENOMEM;
	if (!r) {
		set_cache(disk, o->write_cache);
		return 0;
	}
	free(disk);
	if (asprintf(error, r == -ENOMEM ? "out of memory" : "scsi-id=%u, lun=%u is taken",
		     (unsigned)o->scsi_id, (unsigned)o->lun) < 0)
		*error = NULL;
	return r;
}

struct mpr_tray mpr_scsi_disk_tray(struct mpr_scsi_bus *bus, unsigned target, unsigned lun)
{
	const struct scsi_disk *disk = (const struct scsi_disk *)scsi_bus_lu(bus, target, lun);

	return (struct mpr_tray){
		.removable = disk->removable,
		.locked = disk->removable && disk->tray_locked,
		.open = disk->tray_open,
	};
}

void mpr_scsi_disk_resized(struct mpr_scsi_bus *bus, unsigned target, unsigned lun)
{
	struct scsi_disk *disk = (struct scsi_disk *)scsi_bus_lu(bus, target, lun);

	disk->blocks = mpr_blk_size(disk->blk) / disk->lu.block_size;
	scsi_lu_attention(&disk->lu, SCSI_UA_CAPACITY_CHANGED);
}

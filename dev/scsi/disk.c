/* SPDX-License-Identifier: MIT */
/* scsi-hd: the logical unit, and its creation. */
#include "dev/scsi/disk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/scsi/bus.h"
#include "dev/scsi/disk_lu.h"

#define MIN_BLOCK_SIZE 512
#define MAX_BLOCK_SIZE 32768
#define SERIAL_IN_DEVICE_ID 20 /* characters */

/* ---- The logical unit ------------------------------------------------- */

bool scsi_disk_ready(const struct mpr_scsi_lu *lu, struct scsi_sense *why)
{
	const struct scsi_disk *disk = (const struct scsi_disk *)lu;

	*why = disk->blocks ? SENSE_STOPPED : SENSE_NOT_READY;
	return disk->blocks && !disk->stopped;
}

void scsi_disk_reset(struct mpr_scsi_lu *lu)
{
	struct scsi_disk *disk = (struct scsi_disk *)lu;

	disk->mode = scsi_disk_default_mode(disk);
	disk->stopped = false;
}

void scsi_disk_destroy(struct mpr_scsi_lu *lu)
{
	free(lu);
}

bool scsi_disk_write_protected(const struct scsi_disk *disk, struct scsi_sense *why)
{
	*why = mpr_blk_read_only(disk->blk) ? SENSE_WRITE_PROTECTED
					    : SENSE_SOFTWARE_WRITE_PROTECTED;
	return mpr_blk_read_only(disk->blk) || disk->mode.swp;
}

unsigned scsi_disk_physical_exponent(const struct scsi_disk *disk)
{
	return (unsigned)__builtin_ctz(disk->physical_block_size / disk->lu.block_size);
}

/* ---- Creation --------------------------------------------------------- */

static int fail(char **error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(char **error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(error, fmt, ap) < 0)
		*error = NULL;
	va_end(ap);
	return -EINVAL;
}

static int check_string(const char *name, const char *value, char **error)
{
	for (const char *s = value ? value : ""; *s; s++) {
		if (*s < 0x20 || *s > 0x7E)
			return fail(error, "scsi-hd: %s=%s must be printable ASCII characters",
				    name, value);
	}
	return 0;
}

static bool is_block_size(uint32_t size)
{
	return size >= MIN_BLOCK_SIZE && size <= MAX_BLOCK_SIZE && !(size & (size - 1));
}

static int check_address(const struct mpr_scsi_disk_options *o, char **error)
{
	if (o->scsi_id >= MPR_SCSI_MAX_TARGETS)
		return fail(error, "scsi-hd: scsi-id=%u must be 0 to %u", o->scsi_id,
			    MPR_SCSI_MAX_TARGETS - 1);
	if (o->lun >= MPR_SCSI_MAX_LUNS)
		return fail(error, "scsi-hd: lun=%u must be 0 to %u", o->lun,
			    MPR_SCSI_MAX_LUNS - 1);
	return 0;
}

static int check_block_sizes(uint32_t logical, uint32_t physical, char **error)
{
	if (!is_block_size(logical))
		return fail(error,
			    "scsi-hd: logical_block_size=%u must be a power of two from %u to %u",
			    logical, MIN_BLOCK_SIZE, MAX_BLOCK_SIZE);
	if (!is_block_size(physical) || physical < logical)
		return fail(error,
			    "scsi-hd: physical_block_size=%u must be a power of two from "
			    "logical_block_size=%u to %u",
			    physical, logical, MAX_BLOCK_SIZE);
	return 0;
}

static int check_strings(const struct mpr_scsi_disk_options *o, char **error)
{
	int r = check_string("serial", o->serial, error);

	if (!r)
		r = check_string("device_id", o->device_id, error);
	if (!r)
		r = check_string("vendor", o->vendor, error);
	if (!r)
		r = check_string("product", o->product, error);
	if (!r)
		r = check_string("ver", o->ver, error);
	return r;
}

/* What fits of a value, or else of the standard one. */
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
	disk->wwn = o->wwn;
	disk->port_wwn = o->port_wwn;
	disk->port_index = o->port_index;
	disk->rotation_rate = o->rotation_rate;
}

static int attach(struct mpr_scsi_bus *bus, struct scsi_disk *disk, char **error)
{
	int r = scsi_bus_attach(bus, &disk->lu);

	if (r) {
		fail(error, "scsi-hd: scsi-id=%u,lun=%u is taken; choose another scsi-id or lun",
		     disk->lu.target, disk->lu.lun);
		free(disk);
	}
	return r;
}

int mpr_scsi_disk_create(struct mpr_scsi_bus *bus, struct mpr_blk *blk,
			 const struct mpr_scsi_disk_options *o, char **error)
{
	uint32_t logical = o->logical_block_size ? o->logical_block_size : MIN_BLOCK_SIZE;
	uint32_t physical = o->physical_block_size ? o->physical_block_size : logical;
	int r = check_address(o, error);

	if (!r)
		r = check_block_sizes(logical, physical, error);
	if (!r)
		r = check_strings(o, error);
	if (r)
		return r;

	struct scsi_disk *disk = calloc(1, sizeof(*disk));

	if (!disk) {
		fail(error, "scsi-hd: out of memory");
		return -ENOMEM;
	}
	scsi_lu_init(&disk->lu, mpr_blk_discards(blk) ? &scsi_thin_disk_type : &scsi_disk_type,
		     o->scsi_id, o->lun, logical);
	disk->blk = blk;
	disk->blocks = mpr_blk_size(blk) / logical;
	disk->physical_block_size = physical;
	disk->mode = scsi_disk_default_mode(disk);
	set_identity(disk, o);
	return attach(bus, disk, error);
}

void mpr_scsi_disk_resized(struct mpr_scsi_bus *bus, unsigned target, unsigned lun)
{
	struct scsi_disk *disk = (struct scsi_disk *)scsi_bus_lu(bus, target, lun);

	disk->blocks = mpr_blk_size(disk->blk) / disk->lu.block_size;
	scsi_lu_attention(&disk->lu, SCSI_UA_CAPACITY_CHANGED);
}

/* SPDX-License-Identifier: MIT */
/* scsi-hd: what its properties may be. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "dev/scsi/disk/disk_lu.h"

#define MIN_BLOCK_SIZE 512
#define MAX_LOGICAL_BLOCK_SIZE 32768 /* the format page has 16 bits for it */
#define MAX_PHYSICAL_BLOCK_SIZE (2u << 20)
#define MAX_CYLS 65535
#define MAX_HEADS 255
#define MAX_SECS 255

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

static int check_range(const char *name, uint64_t value, uint64_t min, uint64_t max, char **error)
{
	if (value >= min && value <= max)
		return 0;
	return fail(error, "scsi-hd: %s=%" PRIu64 " must be %" PRIu64 " to %" PRIu64, name, value,
		    min, max);
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

static int check_numbers(const struct mpr_scsi_disk_options *o, char **error)
{
	int r = check_range("scsi-id", o->scsi_id, 0, MPR_SCSI_MAX_TARGETS - 1, error);

	if (!r)
		r = check_range("lun", o->lun, 0, MPR_SCSI_MAX_LUNS - 1, error);
	if (!r)
		r = check_range("port_index", o->port_index, 0, UINT16_MAX, error);
	if (!r)
		r = check_range("rotation_rate", o->rotation_rate, 0, UINT16_MAX, error);
	if (!r)
		r = check_range("scsi_version", o->scsi_version, 0, UINT8_MAX, error);
	return r;
}

/* ---- Sizes ------------------------------------------------------------ */

uint32_t scsi_disk_logical_block_size(const struct mpr_scsi_disk_options *o)
{
	return o->logical_block_size ? (uint32_t)o->logical_block_size : MIN_BLOCK_SIZE;
}

static int check_block_size(const char *name, uint64_t size, uint64_t min, uint64_t max,
			    char **error)
{
	if (!(size & (size - 1)))
		return check_range(name, size, min, max, error);
	return fail(error, "scsi-hd: %s=%" PRIu64 " must be a power of two", name, size);
}

static int check_block_sizes(const struct mpr_scsi_disk_options *o, char **error)
{
	uint64_t logical = scsi_disk_logical_block_size(o);
	int r = 0;

	if (o->logical_block_size)
		r = check_block_size("logical_block_size", o->logical_block_size, MIN_BLOCK_SIZE,
				     MAX_LOGICAL_BLOCK_SIZE, error);
	if (!r && o->physical_block_size)
		r = check_block_size("physical_block_size", o->physical_block_size, MIN_BLOCK_SIZE,
				     MAX_PHYSICAL_BLOCK_SIZE, error);
	if (!r && o->physical_block_size && o->physical_block_size < logical)
		r = fail(error,
			 "scsi-hd: physical_block_size=%" PRIu64
			 " must not be less than logical_block_size=%" PRIu64,
			 o->physical_block_size, logical);
	return r;
}

static int check_multiple(const char *name, uint64_t value, uint64_t logical, uint64_t max_blocks,
			  char **error)
{
	if (value % logical)
		return fail(error,
			    "scsi-hd: %s=%" PRIu64
			    " must be a multiple of logical_block_size=%" PRIu64,
			    name, value, logical);
	return check_range(name, value, 0, max_blocks * logical, error);
}

static int check_io_sizes(const struct mpr_scsi_disk_options *o, char **error)
{
	uint64_t logical = scsi_disk_logical_block_size(o);
	int r = check_multiple("min_io_size", o->min_io_size, logical, UINT16_MAX, error);

	if (!r)
		r = check_multiple("opt_io_size", o->opt_io_size, logical, UINT32_MAX, error);
	if (!r)
		r = check_multiple("discard_granularity", o->discard_granularity, logical,
				   UINT32_MAX, error);
	return r;
}

/* ---- Geometry --------------------------------------------------------- */

static int check_geometry(const struct mpr_scsi_disk_options *o, char **error)
{
	int r;

	if (!o->cyls && !o->heads && !o->secs)
		return 0;
	r = check_range("cyls", o->cyls, 1, MAX_CYLS, error);
	if (!r)
		r = check_range("heads", o->heads, 1, MAX_HEADS, error);
	return r ? r : check_range("secs", o->secs, 1, MAX_SECS, error);
}

/* ----------------------------------------------------------------------- */

int scsi_disk_check_options(const struct mpr_scsi_disk_options *o, char **error)
{
	int r = check_numbers(o, error);

	if (!r)
		r = check_strings(o, error);
	if (!r)
		r = check_block_sizes(o, error);
	if (!r)
		r = check_io_sizes(o, error);
	return r ? r : check_geometry(o, error);
}

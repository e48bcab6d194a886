/* SPDX-License-Identifier: MIT */
/* scsi-hd: its commands, and its creation. */
#include "dev/scsi/disk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dev/scsi/bus.h"
#include "dev/scsi/commands.h"
#include "dev/scsi/disk_lu.h"

#define MIN_BLOCK_SIZE 512
#define MAX_BLOCK_SIZE 32768

/* ---- Commands that move no data --------------------------------------- */

#define START 0x01
#define LOEJ 0x02
#define NO_FLUSH 0x04
#define POWER_CONDITION 0xF0

void scsi_disk_synchronize_cache(struct scsi_task *t)
{
	if (scsi_disk_in_range(t, scsi_cdb_extent(t->cdb)))
		scsi_task_flush(t, scsi_disk_of(t)->blk, scsi_task_good);
}

/* The medium neither spins nor leaves; what stopping it promises is that the
 * cache is written out. */
void scsi_disk_start_stop(struct scsi_task *t)
{
	uint8_t what = t->cdb[4];

	if (!(what & POWER_CONDITION) && what & LOEJ)
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else if (!(what & (POWER_CONDITION | START | NO_FLUSH)))
		scsi_task_flush(t, scsi_disk_of(t)->blk, scsi_task_good);
	else
		scsi_task_good(t);
}

void scsi_disk_seek(struct scsi_task *t)
{
	struct scsi_extent extent = {scsi_cdb_extent(t->cdb).lba, 1};

	if (scsi_disk_in_range(t, extent))
		scsi_task_good(t);
}

/* Third-party reservations, which have a parameter list, do not exist. */
void scsi_disk_reserve_10(struct scsi_task *t)
{
	if (t->cdb[7] || t->cdb[8])
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else
		scsi_task_good(t);
}

/* ---- The table -------------------------------------------------------- */

#define EXEMPT (SCSI_CMD_KEEPS_UA)
#define NONE MPR_SCSI_NO_DATA
#define IN MPR_SCSI_DATA_IN
#define OUT MPR_SCSI_DATA_OUT

/* CDB usage maps: which bits of bytes 1 and on are evaluated. */
#define CONTROL 0x05
#define LBA4 0xFF, 0xFF, 0xFF, 0xFF
#define LBA8 LBA4, LBA4
#define LENGTH2 0xFF, 0xFF
#define LENGTH4 0xFF, 0xFF, 0xFF, 0xFF

static const struct scsi_command commands[] = {
	{SCSI_TEST_UNIT_READY,
	 0,
	 SCSI_CMD_MEDIUM,
	 NONE,
	 NULL,
	 scsi_no_operation,
	 {0, 0, 0, 0, CONTROL}},
	{SCSI_REQUEST_SENSE,
	 0,
	 EXEMPT | SCSI_CMD_IMMEDIATE,
	 IN,
	 scsi_length_at_4,
	 scsi_request_sense,
	 {0x01, 0, 0, 0xFF, CONTROL}},
	{SCSI_READ_6,
	 0,
	 SCSI_CMD_MEDIUM,
	 IN,
	 scsi_disk_extent_bytes,
	 scsi_disk_read,
	 {0x1F, 0xFF, 0xFF, 0xFF, CONTROL}},
	{SCSI_WRITE_6,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write,
	 {0x1F, 0xFF, 0xFF, 0xFF, CONTROL}},
	{SCSI_INQUIRY,
	 0,
	 EXEMPT | SCSI_CMD_IMMEDIATE,
	 IN,
	 scsi_length_at_3,
	 scsi_disk_inquiry,
	 {0x01, 0xFF, LENGTH2, CONTROL}},
	{SCSI_MODE_SELECT_6,
	 0,
	 0,
	 OUT,
	 scsi_length_at_4,
	 scsi_disk_mode_select,
	 {0x11, 0, 0, 0xFF, CONTROL}},
	{SCSI_RESERVE_6, 0, 0, NONE, NULL, scsi_no_operation, {0, 0, 0, 0, CONTROL}},
	{SCSI_RELEASE_6, 0, 0, NONE, NULL, scsi_no_operation, {0, 0, 0, 0, CONTROL}},
	{SCSI_MODE_SENSE_6,
	 0,
	 0,
	 IN,
	 scsi_length_at_4,
	 scsi_disk_mode_sense,
	 {0x08, 0xFF, 0xFF, 0xFF, CONTROL}},
	{SCSI_START_STOP_UNIT, 0, 0, NONE, NULL, scsi_disk_start_stop, {0, 0, 0, 0xF7, CONTROL}},
	{SCSI_PREVENT_ALLOW, 0, 0, NONE, NULL, scsi_no_operation, {0, 0, 0, 0x03, CONTROL}},
	{SCSI_READ_CAPACITY_10,
	 0,
	 SCSI_CMD_MEDIUM,
	 IN,
	 scsi_disk_capacity_10_bytes,
	 scsi_disk_read_capacity_10,
	 {0, LBA4, 0, 0, 0x01, CONTROL}},
	{SCSI_READ_10,
	 0,
	 SCSI_CMD_MEDIUM,
	 IN,
	 scsi_disk_extent_bytes,
	 scsi_disk_read,
	 {0xF8, LBA4, 0, LENGTH2, CONTROL}},
	{SCSI_WRITE_10,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write,
	 {0xF8, LBA4, 0, LENGTH2, CONTROL}},
	{SCSI_SEEK_10, 0, SCSI_CMD_MEDIUM, NONE, NULL, scsi_disk_seek, {0, LBA4, 0, 0, 0, CONTROL}},
	{SCSI_WRITE_AND_VERIFY_10,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write_and_verify,
	 {0xF6, LBA4, 0, LENGTH2, CONTROL}},
	{SCSI_VERIFY_10,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_verify_bytes,
	 scsi_disk_verify,
	 {0xF6, LBA4, 0, LENGTH2, CONTROL}},
	{SCSI_SYNCHRONIZE_CACHE_10,
	 0,
	 SCSI_CMD_MEDIUM,
	 NONE,
	 NULL,
	 scsi_disk_synchronize_cache,
	 {0x02, LBA4, 0, LENGTH2, CONTROL}},
	{SCSI_MODE_SELECT_10,
	 0,
	 0,
	 OUT,
	 scsi_length_at_7,
	 scsi_disk_mode_select,
	 {0x11, 0, 0, 0, 0, 0, LENGTH2, CONTROL}},
	{SCSI_RESERVE_10,
	 0,
	 0,
	 NONE,
	 NULL,
	 scsi_disk_reserve_10,
	 {0, 0, 0, 0, 0, 0, LENGTH2, CONTROL}},
	{SCSI_RELEASE_10,
	 0,
	 0,
	 NONE,
	 NULL,
	 scsi_disk_reserve_10,
	 {0, 0, 0, 0, 0, 0, LENGTH2, CONTROL}},
	{SCSI_MODE_SENSE_10,
	 0,
	 0,
	 IN,
	 scsi_length_at_7,
	 scsi_disk_mode_sense,
	 {0x18, 0xFF, 0xFF, 0, 0, 0, LENGTH2, CONTROL}},
	{SCSI_READ_16,
	 0,
	 SCSI_CMD_MEDIUM,
	 IN,
	 scsi_disk_extent_bytes,
	 scsi_disk_read,
	 {0xF8, LBA8, LENGTH4, 0, CONTROL}},
	{SCSI_COMPARE_AND_WRITE,
	 0,
	 SCSI_CMD_MEDIUM | SCSI_CMD_EXCLUSIVE,
	 OUT,
	 scsi_disk_compare_and_write_bytes,
	 scsi_disk_compare_and_write,
	 {0xF8, LBA8, LENGTH4, 0, CONTROL}},
	{SCSI_WRITE_16,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write,
	 {0xF8, LBA8, LENGTH4, 0, CONTROL}},
	{SCSI_WRITE_AND_VERIFY_16,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write_and_verify,
	 {0xF6, LBA8, LENGTH4, 0, CONTROL}},
	{SCSI_VERIFY_16,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_verify_bytes,
	 scsi_disk_verify,
	 {0xF6, LBA8, LENGTH4, 0, CONTROL}},
	{SCSI_SYNCHRONIZE_CACHE_16,
	 0,
	 SCSI_CMD_MEDIUM,
	 NONE,
	 NULL,
	 scsi_disk_synchronize_cache,
	 {0x02, LBA8, LENGTH4, 0, CONTROL}},
	{SCSI_SERVICE_ACTION_IN_16,
	 SCSI_SA_READ_CAPACITY_16,
	 SCSI_CMD_MEDIUM | SCSI_CMD_SA,
	 IN,
	 scsi_length_at_10,
	 scsi_disk_read_capacity_16,
	 {0, LBA8, LENGTH4, 0x01, CONTROL}},
	{SCSI_REPORT_LUNS,
	 0,
	 EXEMPT | SCSI_CMD_IMMEDIATE,
	 IN,
	 scsi_length_at_6,
	 scsi_report_luns,
	 {0, 0xFF, 0, 0, 0, LENGTH4, 0, CONTROL}},
	{SCSI_MAINTENANCE_IN,
	 SCSI_SA_REPORT_SUPPORTED_OPCODES,
	 SCSI_CMD_SA,
	 IN,
	 scsi_length_at_6,
	 scsi_report_supported_opcodes,
	 {0, 0x87, 0xFF, 0xFF, 0xFF, LENGTH4, 0, CONTROL}},
	{SCSI_READ_12,
	 0,
	 SCSI_CMD_MEDIUM,
	 IN,
	 scsi_disk_extent_bytes,
	 scsi_disk_read,
	 {0xF8, LBA4, LENGTH4, 0, CONTROL}},
	{SCSI_WRITE_12,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write,
	 {0xF8, LBA4, LENGTH4, 0, CONTROL}},
	{SCSI_WRITE_AND_VERIFY_12,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_extent_bytes,
	 scsi_disk_write_and_verify,
	 {0xF6, LBA4, LENGTH4, 0, CONTROL}},
	{SCSI_VERIFY_12,
	 0,
	 SCSI_CMD_MEDIUM,
	 OUT,
	 scsi_disk_verify_bytes,
	 scsi_disk_verify,
	 {0xF6, LBA4, LENGTH4, 0, CONTROL}},
};

/* ---- The logical unit ------------------------------------------------- */

static bool is_ready(const struct mpr_scsi_lu *lu)
{
	return ((const struct scsi_disk *)lu)->blocks > 0;
}

static void reset(struct mpr_scsi_lu *lu)
{
	struct scsi_disk *disk = (struct scsi_disk *)lu;

	disk->mode = scsi_disk_default_mode(disk);
}

static void destroy(struct mpr_scsi_lu *lu)
{
	free(lu);
}

static const struct scsi_lu_type disk_type = {
	.commands = commands,
	.ncommands = sizeof(commands) / sizeof(commands[0]),
	.unsupported = {.key = 0x5, .asc = 0x20},
	.ready = is_ready,
	.reset = reset,
	.destroy = destroy,
};

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

static bool is_printable(const char *s)
{
	for (; *s; s++) {
		if (*s < 0x20 || *s > 0x7E)
			return false;
	}
	return true;
}

static int check_string(const char *name, const char *value, size_t max, char **error)
{
	if (!value || (strlen(value) <= max && is_printable(value)))
		return 0;
	return fail(error, "scsi-hd: %s=%s must be at most %zu printable ASCII characters", name,
		    value, max);
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
	int r = check_string("serial", o->serial, SCSI_SERIAL_MAX, error);

	if (!r)
		r = check_string("vendor", o->vendor, SCSI_VENDOR_LENGTH, error);
	if (!r)
		r = check_string("product", o->product, SCSI_PRODUCT_LENGTH, error);
	if (!r)
		r = check_string("ver", o->ver, SCSI_REVISION_LENGTH, error);
	return r;
}

static void pad(char *field, size_t size, const char *value, const char *standard)
{
	if (!value)
		value = standard;
	memset(field, ' ', size);
	memcpy(field, value, strlen(value));
}

static void set_identity(struct scsi_disk *disk, const struct mpr_scsi_disk_options *o)
{
	pad(disk->vendor, sizeof(disk->vendor), o->vendor, "QEMU");
	pad(disk->product, sizeof(disk->product), o->product, "QEMU HARDDISK");
	pad(disk->revision, sizeof(disk->revision), o->ver, "2.5+");
	if (o->serial)
		strcpy(disk->serial, o->serial);
	disk->wwn = o->wwn;
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
	scsi_lu_init(&disk->lu, &disk_type, o->scsi_id, o->lun, logical);
	disk->blk = blk;
	disk->blocks = mpr_blk_size(blk) / logical;
	disk->physical_block_size = physical;
	disk->mode = scsi_disk_default_mode(disk);
	set_identity(disk, o);
	return attach(bus, disk, error);
}

/* SPDX-License-Identifier: MIT */
#include "remote/storage/disk_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/storage/fixed.h"

#define NO_GRANULARITY UINT32_MAX /* what QEMU has by default */
#define MAX_IO_SIZE INT32_MAX
#define MAX_UNMAP_SIZE (1u << 30)

/* ---- Numbers ------------------------------------------------------------ */

#define AT(member) offsetof(struct mpr_scsi_disk_options, member)

/* Ranges are those of QEMU's types; dev/scsi checks the values. Sizes may have a
 * suffix, as in QEMU not those that are called uint64 there. */
static const struct number {
	const char *key;
	size_t where; /* a uint64_t */
	uint64_t min, max;
	bool is_size;
} numbers[] = {
	{"scsi-id", AT(scsi_id), 0, MPR_SCSI_MAX_TARGETS - 1, false},
	{"lun", AT(lun), 0, MPR_SCSI_MAX_LUNS - 1, false},
	{"wwn", AT(wwn), 0, UINT64_MAX, false},
	{"port_wwn", AT(port_wwn), 0, UINT64_MAX, false},
	{"port_index", AT(port_index), 0, UINT16_MAX, false},
	{"scsi_version", AT(scsi_version), 1, UINT8_MAX, false},
	{"rotation_rate", AT(rotation_rate), 0, UINT16_MAX, false},
	{"logical_block_size", AT(logical_block_size), 0, UINT32_MAX, true},
	{"physical_block_size", AT(physical_block_size), 0, UINT32_MAX, true},
	{"min_io_size", AT(min_io_size), 0, UINT32_MAX, true},
	{"opt_io_size", AT(opt_io_size), 0, UINT32_MAX, true},
	{"max_io_size", AT(max_io_size), 0, UINT64_MAX, false},
	{"discard_granularity", AT(discard_granularity), 0, UINT32_MAX, true},
	{"max_unmap_size", AT(max_unmap_size), 0, UINT64_MAX, false},
	{"cyls", AT(cyls), 0, UINT32_MAX, false},
	{"heads", AT(heads), 0, UINT32_MAX, false},
	{"secs", AT(secs), 0, UINT32_MAX, false},
};

static int get_number(const struct mpr_opts *opts, const struct number *number,
		      struct mpr_scsi_disk_options *options, char **error)
{
	uint64_t *value = (uint64_t *)((char *)options + number->where);

	return number->is_size ? mpr_opts_get_size(opts, number->key, number->min, number->max,
						   value, error)
			       : mpr_opts_get_uint(opts, number->key, number->min, number->max,
						   value, error);
}

static int get_numbers(const struct mpr_opts *opts, struct mpr_scsi_disk_options *options,
		       char **error)
{
	int ret = 0;

	options->discard_granularity = NO_GRANULARITY;
	options->max_io_size = MAX_IO_SIZE;
	options->max_unmap_size = MAX_UNMAP_SIZE;
	for (size_t i = 0; ret == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		ret = get_number(opts, &numbers[i], options, error);
	/* 0 says here that there is none, and in dev/scsi that nothing was said. */
	if (!options->discard_granularity || !options->max_unmap_size)
		options->no_unmap = true;
	if (options->discard_granularity == NO_GRANULARITY)
		options->discard_granularity = 0;
	return ret;
}

/* ---- Strings ------------------------------------------------------------ */

/* The id of a -drive, if it was named by that; nodes have none. */
static const char *drive_id(const struct mpr_opts *opts, const struct mpr_drive *drive)
{
	return drive->id && !strcmp(drive->id, mpr_opts_get(opts, "drive")) ? drive->id : NULL;
}

static void get_strings(const struct mpr_opts *opts, const struct mpr_drive *drive,
			struct mpr_scsi_disk_options *options)
{
	options->serial = mpr_opts_get(opts, "serial");
	if (!options->serial)
		options->serial = mpr_opts_get(drive->opts, "serial");
	options->device_id = mpr_opts_get(opts, "device_id");
	if (!options->device_id && !options->serial)
		options->device_id = drive_id(opts, drive);
	options->vendor = mpr_opts_get(opts, "vendor");
	options->product = mpr_opts_get(opts, "product");
	options->ver = mpr_opts_get(opts, "ver");
}

/* ---- Choices ------------------------------------------------------------ */

static int get_switches(const struct mpr_opts *opts, struct mpr_scsi_disk_options *options,
			char **error)
{
	static const char *const caches[] = {"auto", "on", "off", NULL};
	unsigned cache = MPR_SCSI_CACHE_AUTO;
	bool dpofua = true;
	int ret = mpr_opts_get_bool(opts, "removable", &options->removable, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "dpofua", &dpofua, error);
	if (ret == 0)
		ret = mpr_opts_get_enum(opts, "write-cache", caches, &cache, error);
	options->no_dpofua = !dpofua;
	options->write_cache = (enum mpr_scsi_write_cache)cache;
	return ret;
}

/* ---- What is accepted as it is by default, and why not otherwise -------- */

#define VMMS_GEOMETRY "the VMM tells its BIOS the geometry, not the device"

static const struct mpr_fixed fixed[] = {
	{"channel", {"0"}, "a parallel bus has one channel"},
	{"lcyls", {"0"}, VMMS_GEOMETRY},
	{"lheads", {"0"}, VMMS_GEOMETRY},
	{"lsecs", {"0"}, VMMS_GEOMETRY},
	{"account-failed", {"auto", "on", "yes", "true"}, "failed requests are always counted"},
	{"account-invalid", {"auto", "on", "yes", "true"}, "invalid requests are always counted"},
	{"backend_defaults",
	 {"auto", "off", "no", "false"},
	 "say min_io_size=, opt_io_size= and discard_granularity= instead"},
	{"quirk_mode_page_vendor_specific_apple", MPR_FIXED_OFF, "there is no such mode page"},
};

/* The order of booting is the VMM's; -1, as in QEMU, is no place in it. */
static int check_bootindex(const struct mpr_opts *opts, char **error)
{
	const char *value = mpr_opts_get(opts, "bootindex");
	uint64_t ignored;

	if (value && !strcmp(value, "-1"))
		return 0;
	return mpr_opts_get_uint(opts, "bootindex", 0, INT32_MAX, &ignored, error);
}

/* ------------------------------------------------------------------------- */

int mpr_disk_options_get(const struct mpr_opts *opts, const struct mpr_drive *drive,
			 struct mpr_scsi_disk_options *options, char **error)
{
	int ret = get_numbers(opts, options, error);

	get_strings(opts, drive, options);
	if (ret == 0)
		ret = get_switches(opts, options, error);
	if (ret == 0)
		ret = mpr_fixed_check(opts, fixed, sizeof(fixed) / sizeof(fixed[0]), error);
	return ret == 0 ? check_bootindex(opts, error) : ret;
}

/* SPDX-License-Identifier: MIT */
#include "dev/scsi/disk/scsi_hd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dev/scsi/bus.h"
#include "dev/scsi/disk/disk_lu.h"

#define NO_GRANULARITY UINT32_MAX /* what QEMU has by default */
#define HOST_SCSI_ID 7		  /* the adapter itself is on the bus, too */

struct settings {
	struct mpr_scsi_disk_options options;
	bool has_scsi_id;
};

/* ---- Properties --------------------------------------------------------- */

#define VMMS_GEOMETRY "the VMM tells its BIOS the geometry, not the device"

static const char *const zero[] = {"0", NULL};
static const char *const off[] = {"off", "no", "false", "n", NULL};
static const char *const caches[] = {"auto", "on", "off", NULL};
static const char *const counted[] = {"auto", "on", "yes", "true", NULL};
static const char *const no_defaults[] = {"auto", "off", "no", "false", NULL};

/* In the order of help. */
enum property {
	CHANNEL,
	SCSI_ID,
	LUN,
	SERIAL,
	VENDOR,
	PRODUCT,
	VER,
	DEVICE_ID,
	WWN,
	PORT_WWN,
	PORT_INDEX,
	LOGICAL_BLOCK_SIZE,
	PHYSICAL_BLOCK_SIZE,
	MIN_IO_SIZE,
	OPT_IO_SIZE,
	MAX_IO_SIZE,
	DISCARD_GRANULARITY,
	MAX_UNMAP_SIZE,
	CYLS,
	HEADS,
	SECS,
	LCYLS,
	LHEADS,
	LSECS,
	ROTATION_RATE,
	SCSI_VERSION,
	REMOVABLE,
	DPOFUA,
	WRITE_CACHE,
	ACCOUNT_FAILED,
	ACCOUNT_INVALID,
	BACKEND_DEFAULTS,
	QUIRK_APPLE,
	PROPERTIES
};

#define STRING(key, standard, text)                                                               \
	{                                                                                         \
		.name = key, .type = MPR_PROPERTY_STRING, .description = text, .value = standard, \
	}
#define NUMBER(key, kind, least, most, standard, text)                                          \
	{                                                                                       \
		.name = key, .type = MPR_PROPERTY_UINT, .type_name = kind, .description = text, \
		.value = standard, .min = least, .max = most,                                   \
	}
#define SIZE(key, standard, text)                                                               \
	{                                                                                       \
		.name = key, .type = MPR_PROPERTY_SIZE, .description = text, .value = standard, \
		.max = UINT32_MAX,                                                              \
	}
#define CHOICE(key, kind, names, standard, text, reason)                                          \
	{                                                                                         \
		.name = key, .type = MPR_PROPERTY_CHOICE, .type_name = kind, .description = text, \
		.value = standard, .choices = names, .why = reason,                               \
	}

/* Spelled, and of the types and ranges, as QEMU's; the disk itself checks values once
 * more. Sizes may have a suffix, as in QEMU not those that are called uint64 there. */
static const struct mpr_property properties[PROPERTIES + 1] = {
	[CHANNEL] = {"channel", MPR_PROPERTY_CHOICE, "0", "0", 0, 0, zero, "uint32",
		     "a parallel bus has one channel", true},
	[SCSI_ID] = {"scsi-id", MPR_PROPERTY_UINT,
		     "0 to 15, but not 7 (default: the lowest free one)", NULL, 0,
		     MPR_SCSI_MAX_TARGETS - 1, NULL, "uint32", NULL, true},
	[LUN] = {"lun", MPR_PROPERTY_UINT, "0 to 63", "0", 0, MPR_SCSI_MAX_LUNS - 1, NULL, "uint32",
		 NULL, true},
	[SERIAL] = STRING("serial", NULL, "serial number, text (default: the drive's)"),
	[VENDOR] = STRING("vendor", "QEMU", "8 characters"),
	[PRODUCT] = STRING("product", "QEMU HARDDISK", "16 characters"),
	[VER] = STRING("ver", "2.5+", "4 characters"),
	[DEVICE_ID] = STRING("device_id", NULL,
			     "name in VPD page 83h (default: of the serial number, else the "
			     "drive's id)"),
	[WWN] = NUMBER("wwn", "uint64", 0, UINT64_MAX, "0", "world wide name, a 64-bit number"),
	[PORT_WWN] = NUMBER("port_wwn", "uint64", 0, UINT64_MAX, "0",
			    "world wide name of the target port"),
	[PORT_INDEX] = NUMBER("port_index", "uint16", 0, UINT16_MAX, "0",
			      "relative number of the target port"),
	[LOGICAL_BLOCK_SIZE] =
		SIZE("logical_block_size", "512", "a power of two from 512 to 32768"),
	[PHYSICAL_BLOCK_SIZE] = SIZE("physical_block_size", NULL,
				     "a power of two to 2 MiB (default: the logical block size)"),
	[MIN_IO_SIZE] =
		SIZE("min_io_size", "0", "granularity of transfers, 0: the physical block size"),
	[OPT_IO_SIZE] = SIZE("opt_io_size", "0", "optimal length of a transfer, 0: not said"),
	[MAX_IO_SIZE] = NUMBER("max_io_size", "uint64", 0, UINT64_MAX, "2147483647",
			       "longest transfer in bytes, 0: no limit"),
	[DISCARD_GRANULARITY] = SIZE("discard_granularity", "4294967295",
				     "of UNMAP, 0: none (4294967295: 4096, or the logical block "
				     "size)"),
	[MAX_UNMAP_SIZE] = NUMBER("max_unmap_size", "uint64", 0, UINT64_MAX, "1073741824",
				  "bytes that one UNMAP discards at most"),
	[CYLS] = NUMBER("cyls", "uint32", 0, UINT32_MAX, "0",
			"geometry that is told, 0: 16 heads and 63 sectors"),
	[HEADS] = NUMBER("heads", "uint32", 0, UINT32_MAX, "0", "1 to 255"),
	[SECS] = NUMBER("secs", "uint32", 0, UINT32_MAX, "0", "1 to 255"),
	[LCYLS] = CHOICE("lcyls", "uint32", zero, "0", "0: the VMM tells its BIOS the geometry",
			 VMMS_GEOMETRY),
	[LHEADS] = CHOICE("lheads", "uint32", zero, "0", "0", VMMS_GEOMETRY),
	[LSECS] = CHOICE("lsecs", "uint32", zero, "0", "0", VMMS_GEOMETRY),
	[ROTATION_RATE] = NUMBER("rotation_rate", "uint16", 0, UINT16_MAX, "0",
				 "revolutions a minute, 1: solid state, 0: not said"),
	[SCSI_VERSION] = NUMBER("scsi_version", "int32", 1, UINT8_MAX, "5",
				"version of SPC that INQUIRY tells, 1 to 255"),
	[REMOVABLE] = {"removable", MPR_PROPERTY_BOOL, .value = "off",
		       .description = "the guest may eject the medium, and load it"},
	[DPOFUA] = {"dpofua", MPR_PROPERTY_BOOL, .value = "on",
		    .description = "writes with FUA are durable; off: they are refused"},
	[WRITE_CACHE] = CHOICE("write-cache", "OnOffAuto", caches, "auto",
			       "writes are durable only when flushed (auto: as cache=)", NULL),
	[ACCOUNT_FAILED] = CHOICE("account-failed", "OnOffAuto", counted, "auto",
				  "auto, on: failed requests are counted",
				  "failed requests are always counted"),
	[ACCOUNT_INVALID] = CHOICE("account-invalid", "OnOffAuto", counted, "auto",
				   "auto, on: invalid requests are counted",
				   "invalid requests are always counted"),
	[BACKEND_DEFAULTS] = CHOICE("backend_defaults", "OnOffAuto", no_defaults, "auto",
				    "auto, off: the host device's limits are not told",
				    "say min_io_size=, opt_io_size= and discard_granularity= "
				    "instead"),
	[QUIRK_APPLE] = CHOICE("quirk_mode_page_vendor_specific_apple", "bool", off, "off", "off",
			       "there is no such mode page"),
};

#define AT(member) (1 + offsetof(struct mpr_scsi_disk_options, member))

/* Where the numbers, and the strings, are kept, plus 1. */
static const size_t numbers[PROPERTIES] = {
	[SCSI_ID] = AT(scsi_id),
	[LUN] = AT(lun),
	[WWN] = AT(wwn),
	[PORT_WWN] = AT(port_wwn),
	[PORT_INDEX] = AT(port_index),
	[LOGICAL_BLOCK_SIZE] = AT(logical_block_size),
	[PHYSICAL_BLOCK_SIZE] = AT(physical_block_size),
	[MIN_IO_SIZE] = AT(min_io_size),
	[OPT_IO_SIZE] = AT(opt_io_size),
	[MAX_IO_SIZE] = AT(max_io_size),
	[DISCARD_GRANULARITY] = AT(discard_granularity),
	[MAX_UNMAP_SIZE] = AT(max_unmap_size),
	[CYLS] = AT(cyls),
	[HEADS] = AT(heads),
	[SECS] = AT(secs),
	[ROTATION_RATE] = AT(rotation_rate),
	[SCSI_VERSION] = AT(scsi_version),
};
static const size_t strings[PROPERTIES] = {
	[SERIAL] = AT(serial), [VENDOR] = AT(vendor),	    [PRODUCT] = AT(product),
	[VER] = AT(ver),       [DEVICE_ID] = AT(device_id),
};

static int set(void *state, unsigned property, union mpr_value value)
{
	struct settings *settings = state;
	struct mpr_scsi_disk_options *o = &settings->options;

	if (numbers[property])
		*(uint64_t *)((char *)o + numbers[property] - 1) = value.number;
	else if (strings[property])
		*(const char **)((char *)o + strings[property] - 1) = value.text;
	else if (property == REMOVABLE)
		o->removable = value.flag;
	else if (property == DPOFUA)
		o->no_dpofua = !value.flag;
	else if (property == WRITE_CACHE)
		o->write_cache = (enum mpr_scsi_write_cache)value.number;
	settings->has_scsi_id |= property == SCSI_ID;
	return 0;
}

static bool get(const struct mpr_disk *disk, unsigned property, union mpr_value *value)
{
	const struct mpr_scsi_lu *lu =
		scsi_bus_lu(mpr_scsi_bus_of(disk->bus), disk->target, disk->lun);
	const struct scsi_disk *at = lu->type->absent ? NULL : (const struct scsi_disk *)lu;

	switch (property) {
	case CHANNEL:
		value->number = 0;
		return true;
	case SCSI_ID:
		value->number = disk->target;
		return true;
	case LUN:
		value->number = disk->lun;
		return true;
	case SERIAL:
		value->text = at ? at->serial : NULL;
		return at;
	case PHYSICAL_BLOCK_SIZE:
		value->number = at ? at->physical_block_size : 0;
		return at;
	default:
		return false;
	}
}

/* ---- Attaching ---------------------------------------------------------- */

static int refuse(int err, char **error, const char *why)
{
	*error = strdup(why);
	return *error ? err : -ENOMEM;
}

static int choose_scsi_id(const struct mpr_scsi_bus *bus, struct mpr_scsi_disk_options *o,
			  bool given, char **error)
{
	if (given)
		return o->scsi_id == HOST_SCSI_ID
			       ? refuse(-EINVAL, error, "scsi-id=7 is the adapter's own")
			       : 0;
	for (o->scsi_id = 0; o->scsi_id < MPR_SCSI_MAX_TARGETS; o->scsi_id++)
		if (o->scsi_id != HOST_SCSI_ID &&
		    !mpr_scsi_target_present(bus, (unsigned)o->scsi_id))
			return 0;
	return refuse(-EINVAL, error, "every SCSI ID of the bus is taken");
}

/* What the drive stands in for; and 0, which says here that there is none, says to the
 * disk that nothing was said. */
static void complete(struct mpr_scsi_disk_options *o, const struct mpr_disk_backing *backing)
{
	if (!o->serial)
		o->serial = backing->serial;
	if (!o->device_id && !o->serial)
		o->device_id = backing->id;
	o->no_unmap = !o->discard_granularity || !o->max_unmap_size;
	if (o->discard_granularity == NO_GRANULARITY)
		o->discard_granularity = 0;
}

static int attach(struct mpr_bus *base, const struct mpr_disk_backing *backing, const void *state,
		  struct mpr_disk *disk, char **error)
{
	const struct settings *settings = state;
	struct mpr_scsi_bus *bus = mpr_scsi_bus_of(base);
	struct mpr_scsi_disk_options options = settings->options;
	int ret;

	*error = NULL;
	complete(&options, backing);
	ret = choose_scsi_id(bus, &options, settings->has_scsi_id, error);
	if (ret == 0)
		ret = mpr_scsi_disk_create(bus, backing->blk, &options, error);
	if (ret == 0)
		*disk = (struct mpr_disk){&mpr_scsi_hd_ops, base, (unsigned)options.scsi_id,
					  (unsigned)options.lun};
	return ret;
}

static void detach(const struct mpr_disk *disk, void (*removed)(void *opaque), void *opaque)
{
	(void)mpr_scsi_lu_remove(mpr_scsi_bus_of(disk->bus), disk->target, disk->lun, removed,
				 opaque);
}

static void resized(const struct mpr_disk *disk)
{
	mpr_scsi_disk_resized(mpr_scsi_bus_of(disk->bus), disk->target, disk->lun);
}

static struct mpr_tray tray(const struct mpr_disk *disk)
{
	return mpr_scsi_disk_tray(mpr_scsi_bus_of(disk->bus), disk->target, disk->lun);
}

const struct mpr_disk_ops mpr_scsi_hd_ops = {
	.model =
		{
			.driver = "scsi-hd",
			.desc = "SCSI disk",
			.bus = MPR_BUS_SCSI,
			.size = sizeof(struct settings),
			.properties = properties,
			.set = set,
		},
	.attach = attach,
	.remove = detach,
	.resized = resized,
	.tray = tray,
	.get = get,
};

/* SPDX-License-Identifier: MIT */
#include "remote/storage/attached.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote/models/models.h"
#include "remote/storage/disks.h"
#include "remote/storage/drive_options.h"

#define UNITS 7 /* of a bus, as QEMU numbers them */

struct place {
	uint64_t bus, unit;
};

/* ---- Places ------------------------------------------------------------- */

static struct place place_of(const struct mpr_opts *opts)
{
	return (struct place){
		strtoull(mpr_opts_get(opts, "bus"), NULL, 0),
		strtoull(mpr_opts_get(opts, "unit"), NULL, 0),
	};
}

/* The drive at that place among the first `count` ones, or NULL. */
static const struct mpr_opts *find_at(const struct mpr_option_list *drives, size_t count,
				      struct place place)
{
	for (size_t i = 0; i < count; i++) {
		struct place other;

		if (!mpr_drive_is_attached(drives->opts[i]))
			continue;
		other = place_of(drives->opts[i]);
		if (other.bus == place.bus && other.unit == place.unit)
			return drives->opts[i];
	}
	return NULL;
}

/* What the option says; index=N counts the units of all buses. */
static int get_place(const struct mpr_opts *opts, struct place *place, char **error)
{
	uint64_t index = 0;
	int ret = mpr_opts_get_uint(opts, "bus", 0, UINT32_MAX, &place->bus, error);

	if (ret == 0)
		ret = mpr_opts_get_uint(opts, "unit", 0, UNITS - 1, &place->unit, error);
	if (ret == 0)
		ret = mpr_opts_get_uint(opts, "index", 0, UINT32_MAX, &index, error);
	if (ret < 0 || !mpr_opts_get(opts, "index"))
		return ret;
	if (mpr_opts_get(opts, "bus") || mpr_opts_get(opts, "unit")) {
		*error = mpr_errorf("%s: index= stands for bus= and unit=: leave those out",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	*place = (struct place){index / UNITS, index % UNITS};
	return 0;
}

static int choose_place(const struct mpr_option_list *drives, size_t which, struct place *place,
			char **error)
{
	const struct mpr_opts *opts = drives->opts[which];
	bool fixed = mpr_opts_get(opts, "unit") || mpr_opts_get(opts, "index");
	const struct mpr_opts *other;
	int ret = get_place(opts, place, error);

	while (ret == 0 && (other = find_at(drives, which, *place))) {
		if (fixed) {
			*error = mpr_errorf("%s: bus %u, unit %u is taken by %s",
					    mpr_opts_text(opts), (unsigned)place->bus,
					    (unsigned)place->unit, mpr_opts_text(other));
			return -EINVAL;
		}
		if (++place->unit == UNITS)
			*place = (struct place){place->bus + 1, 0};
	}
	return ret;
}

static int set_number(struct mpr_opts *opts, const char *key, uint64_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%u", (unsigned)number);
	return mpr_opts_set(opts, key, value);
}

static int set_place(struct mpr_opts *opts, struct place place)
{
	char id[64];
	int ret = set_number(opts, "bus", place.bus);

	if (ret == 0)
		ret = set_number(opts, "unit", place.unit);
	mpr_opts_remove(opts, "index");
	if (ret < 0 || mpr_opts_get(opts, "id"))
		return ret;
	snprintf(id, sizeof(id), "scsi%u-hd%u", (unsigned)place.bus, (unsigned)place.unit);
	return mpr_opts_set(opts, "id", id);
}

int mpr_attached_place(const struct mpr_option_list *drives, char **error)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < drives->count; i++) {
		struct mpr_opts *opts = drives->opts[i];
		struct place place = {0, 0};

		if (!mpr_drive_is_attached(opts))
			continue;
		ret = choose_place(drives, i, &place, error);
		if (ret == 0)
			ret = set_place(opts, place);
	}
	return ret;
}

/* ---- Disks -------------------------------------------------------------- */

static bool has_scsi_bus(const struct mpr_device *dev)
{
	return dev->bus && !strcmp(dev->bus->type, MPR_BUS_SCSI);
}

/* The adapter of that number among those with a SCSI bus, or NULL. */
static const struct mpr_hosted *adapter_at(const struct mpr_storage *storage, uint64_t bus)
{
	for (size_t i = 0; i < storage->adapters->count; i++)
		if (has_scsi_bus(storage->adapters->hosted[i]->dev) && bus-- == 0)
			return storage->adapters->hosted[i];
	return NULL;
}

static struct mpr_opts *make_device(const struct mpr_hosted *adapter, const struct mpr_opts *drive)
{
	char *bus = mpr_errorf("%s.0", adapter->dev->id);
	struct mpr_opts *device = NULL;

	if (bus)
		device = mpr_opts_build("-device", "driver", "driver", "scsi-hd", "bus", bus,
					"scsi-id", mpr_opts_get(drive, "unit"), "drive",
					mpr_opts_get(drive, "id"), NULL);
	free(bus);
	return device;
}

static int build(struct mpr_storage *storage, const struct mpr_opts *drive, char **error)
{
	const struct mpr_hosted *adapter = adapter_at(storage, place_of(drive).bus);
	const struct mpr_model *model;
	struct mpr_opts *device;
	int ret;

	if (!adapter) {
		*error = mpr_errorf("%s: there is no adapter for bus %u: add -device lsi53c895a",
				    mpr_opts_text(drive), (unsigned)place_of(drive).bus);
		return -EINVAL;
	}
	device = make_device(adapter, drive);
	ret = device ? mpr_model_of(storage->models, device, &model, error) : -ENOMEM;
	if (ret == 0)
		ret = mpr_option_add(storage->devices, device);
	if (ret < 0) {
		mpr_opts_free(device);
		return ret;
	}
	return mpr_disk_build(storage, (const struct mpr_disk_ops *)model, device, error);
}

int mpr_attached_build(struct mpr_storage *storage, const struct mpr_option_list *drives,
		       char **error)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < drives->count; i++)
		if (mpr_drive_is_attached(drives->opts[i]))
			ret = build(storage, drives->opts[i], error);
	return ret;
}

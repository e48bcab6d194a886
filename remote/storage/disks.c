/* SPDX-License-Identifier: MIT */
#include "remote/storage/disks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opts/names.h"
#include "remote/models/models.h"
#include "remote/storage/images.h"
#include "remote/storage/nodes.h"

/* ---- Names -------------------------------------------------------------- */

static const char *drive_name(size_t i, const void *opaque)
{
	const struct mpr_storage *storage = opaque;

	return mpr_drive_name(storage->drives[i]);
}

static const char *bus_name(size_t i, const void *opaque)
{
	char *const *buses = opaque;

	return buses[i];
}

/* Finds the drive that the disk names, which must be free. */
static int find_drive(const struct mpr_storage *storage, const struct mpr_opts *opts,
		      struct mpr_drive **drive, char **error)
{
	const char *id = mpr_opts_get(opts, "drive");
	char *names;

	if (!id) {
		*error = mpr_errorf("%s: drive=ID is missing", mpr_opts_text(opts));
		return -EINVAL;
	}
	*drive = mpr_drive_find(storage, id);
	if (!*drive) {
		names = mpr_names(storage->count, drive_name, storage);
		*error = mpr_errorf("%s: no drive \"%s\" (%s)", mpr_opts_text(opts), id,
				    names ? names : "");
		free(names);
		return -EINVAL;
	}
	if ((*drive)->state == MPR_DRIVE_CLOSING) {
		*error = mpr_errorf("%s: drive \"%s\" is being removed", mpr_opts_text(opts), id);
		return -EINVAL;
	}
	if (mpr_node_parent(storage, *drive)) {
		*error = mpr_errorf("%s: drive \"%s\" is used by %s", mpr_opts_text(opts), id,
				    mpr_opts_text(mpr_node_parent(storage, *drive)->opts));
		return -EINVAL;
	}
	if ((*drive)->disk) {
		*error = mpr_errorf("%s: drive \"%s\" is used by %s", mpr_opts_text(opts), id,
				    mpr_opts_text((*drive)->disk));
		return -EINVAL;
	}
	return 0;
}

static bool is_bus_of(const struct mpr_hosted *hosted, const char *name)
{
	size_t len = strlen(hosted->dev->id);

	return !strncmp(name, hosted->dev->id, len) && !strcmp(name + len, ".0");
}

static bool has_bus(const struct mpr_hosted *hosted, const char *type)
{
	return hosted->dev->bus && !strcmp(hosted->dev->bus->type, type);
}

static void no_bus(const struct mpr_storage *storage, const struct mpr_model *model,
		   const struct mpr_opts *opts, const char *name, char **error)
{
	char **buses = calloc(storage->adapters->count + 1, sizeof(*buses));
	size_t count = 0;
	char *names = NULL;

	for (size_t i = 0; buses && i < storage->adapters->count; i++) {
		if (has_bus(storage->adapters->hosted[i], model->bus))
			buses[count++] = mpr_errorf("%s.0", storage->adapters->hosted[i]->dev->id);
	}
	if (buses)
		names = mpr_names(count, bus_name, buses);
	*error =
		mpr_errorf("%s: no bus \"%s\" (%s)", mpr_opts_text(opts), name, names ? names : "");
	free(names);
	while (count)
		free(buses[--count]);
	free(buses);
}

/* The adapter whose bus the disk names; by default the first that has one. */
static int find_adapter(const struct mpr_storage *storage, const struct mpr_model *model,
			const struct mpr_opts *opts, struct mpr_hosted **adapter, char **error)
{
	const char *name = mpr_opts_get(opts, "bus");

	for (size_t i = 0; i < storage->adapters->count; i++) {
		struct mpr_hosted *hosted = storage->adapters->hosted[i];

		if (!has_bus(hosted, model->bus) || hosted->leaving ||
		    (name && !is_bus_of(hosted, name)))
			continue;
		*adapter = hosted;
		return 0;
	}
	if (name)
		no_bus(storage, model, opts, name, error);
	else
		*error = mpr_errorf("%s: there is no adapter with a %s bus", mpr_opts_text(opts),
				    model->bus);
	return -EINVAL;
}

/* ---- The disk ----------------------------------------------------------- */

/* With share-rw=on others may write, too, that also share. */
static int lock_image(struct mpr_drive *drive, const struct mpr_opts *opts, char **error)
{
	bool share = false;
	int ret = mpr_opts_get_bool(opts, "share-rw", &share, error);

	if (ret < 0)
		return ret;
	ret = mpr_blk_share(drive->blk, share);
	if (ret < 0)
		*error = mpr_errorf("%s: %s is in use by another program: close that first, or let "
				    "both use share-rw=on",
				    mpr_opts_text(opts), drive->file);
	return ret;
}

/* The order of booting is the VMM's; -1, as in QEMU, is no place in it. */
static int check_bootindex(const struct mpr_opts *opts, char **error)
{
	const char *value = mpr_opts_get(opts, "bootindex");
	uint64_t ignored;

	if (value && !strcmp(value, "-1"))
		return 0;
	return mpr_opts_get_uint(opts, "bootindex", 0, INT32_MAX, &ignored, error);
}

/* The id of a -drive, if it was named by that; nodes have none. */
static const char *drive_id(const struct mpr_opts *opts, const struct mpr_drive *drive)
{
	return drive->id && !strcmp(drive->id, mpr_opts_get(opts, "drive")) ? drive->id : NULL;
}

static int attach(struct mpr_bus *bus, const struct mpr_disk_ops *ops, struct mpr_drive *drive,
		  const struct mpr_opts *opts, const struct mpr_setting *settings, char **error)
{
	const struct mpr_disk_backing backing = {
		drive->blk,
		mpr_opts_get(drive->opts, "serial"),
		drive_id(opts, drive),
	};
	void *state = calloc(1, ops->model.size);
	char *why = NULL;
	int ret = state ? mpr_model_apply(&ops->model, settings, state) : -ENOMEM;

	if (ret == 0)
		ret = ops->attach(bus, &backing, state, &drive->unit, &why);
	if (ret < 0)
		*error = mpr_errorf("%s: %s", mpr_opts_text(opts), why ? why : strerror(-ret));
	free(why);
	free(state);
	return ret;
}

static int create_disk(struct mpr_bus *bus, const struct mpr_disk_ops *ops, struct mpr_drive *drive,
		       const struct mpr_opts *opts, char **error)
{
	struct mpr_setting *settings;
	int ret = mpr_model_settings(&ops->model, opts, &settings, error);

	if (ret < 0)
		return ret;
	ret = check_bootindex(opts, error);
	if (ret == 0)
		ret = lock_image(drive, opts, error);
	if (ret == 0)
		ret = mpr_drive_set_on_error(drive, opts, error);
	if (ret == 0)
		ret = attach(bus, ops, drive, opts, settings, error);
	free(settings);
	return ret;
}

int mpr_disk_build(struct mpr_storage *storage, const struct mpr_disk_ops *ops,
		   struct mpr_opts *opts, char **error)
{
	struct mpr_hosted *adapter = NULL;
	struct mpr_drive *drive = NULL;
	int ret = find_adapter(storage, &ops->model, opts, &adapter, error);

	if (ret == 0)
		ret = find_drive(storage, opts, &drive, error);
	if (ret == 0)
		ret = create_disk(adapter->dev->bus, ops, drive, opts, error);
	if (ret < 0)
		return ret;
	drive->disk = opts;
	drive->adapter = adapter;
	return 0;
}

struct mpr_tray mpr_disk_tray(const struct mpr_drive *drive)
{
	if (!drive->disk || drive->state != MPR_DRIVE_OPEN)
		return (struct mpr_tray){0};
	return drive->unit.ops->tray(&drive->unit);
}

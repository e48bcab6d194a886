/* SPDX-License-Identifier: MIT */
#include "remote/storage/disks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev/scsi/disk.h"
#include "dev/scsi/scsi.h"
#include "opts/names.h"
#include "remote/storage/disk_options.h"
#include "remote/storage/images.h"
#include "remote/storage/nodes.h"

/* The adapter itself is on the bus, too. */
#define HOST_SCSI_ID 7

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

static void no_bus(const struct mpr_storage *storage, const struct mpr_opts *opts, const char *name,
		   char **error)
{
	char **buses = calloc(storage->adapters->count + 1, sizeof(*buses));
	size_t count = 0;
	char *names = NULL;

	for (size_t i = 0; buses && i < storage->adapters->count; i++) {
		if (storage->adapters->hosted[i]->dev->scsi_bus)
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
static int find_adapter(const struct mpr_storage *storage, const struct mpr_opts *opts,
			struct mpr_hosted **adapter, char **error)
{
	const char *name = mpr_opts_get(opts, "bus");

	for (size_t i = 0; i < storage->adapters->count; i++) {
		struct mpr_hosted *hosted = storage->adapters->hosted[i];

		if (!hosted->dev->scsi_bus || hosted->leaving || (name && !is_bus_of(hosted, name)))
			continue;
		*adapter = hosted;
		return 0;
	}
	if (name)
		no_bus(storage, opts, name, error);
	else
		*error = mpr_errorf("%s: there is no adapter with a SCSI bus", mpr_opts_text(opts));
	return -EINVAL;
}

/* ---- The disk ----------------------------------------------------------- */

static int lowest_free_id(const struct mpr_scsi_bus *bus, const struct mpr_opts *opts, uint64_t *id,
			  char **error)
{
	for (*id = 0; *id < MPR_SCSI_MAX_TARGETS; ++*id)
		if (*id != HOST_SCSI_ID && !mpr_scsi_target_present(bus, (unsigned)*id))
			return 0;
	*error = mpr_errorf("%s: every SCSI ID of the bus is taken", mpr_opts_text(opts));
	return -EINVAL;
}

static int choose_scsi_id(const struct mpr_scsi_bus *bus, const struct mpr_opts *opts, uint64_t *id,
			  char **error)
{
	if (!mpr_opts_get(opts, "scsi-id"))
		return lowest_free_id(bus, opts, id, error);
	if (*id != HOST_SCSI_ID)
		return 0;
	*error = mpr_errorf("%s: scsi-id=%d is the adapter's own", mpr_opts_text(opts),
			    HOST_SCSI_ID);
	return -EINVAL;
}

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

static int create_disk(struct mpr_scsi_bus *bus, struct mpr_drive *drive,
		       const struct mpr_opts *opts, char **error)
{
	struct mpr_scsi_disk_options options = {0};
	char *why = NULL;
	int ret = mpr_disk_options_get(opts, drive, &options, error);

	if (ret == 0)
		ret = choose_scsi_id(bus, opts, &options.scsi_id, error);
	if (ret == 0)
		ret = lock_image(drive, opts, error);
	if (ret == 0)
		ret = mpr_drive_set_on_error(drive, opts, error);
	if (ret < 0)
		return ret;
	ret = mpr_scsi_disk_create(bus, drive->blk, &options, &why);
	if (ret == -EEXIST)
		*error = mpr_errorf("%s: scsi-id=%u, lun=%u is taken", mpr_opts_text(opts),
				    (unsigned)options.scsi_id, (unsigned)options.lun);
	else if (ret < 0)
		*error = mpr_errorf("%s: %s", mpr_opts_text(opts), why ? why : strerror(-ret));
	free(why);
	drive->target = (unsigned)options.scsi_id;
	drive->lun = (unsigned)options.lun;
	return ret;
}

int mpr_disk_build(struct mpr_storage *storage, struct mpr_opts *opts, char **error)
{
	struct mpr_hosted *adapter = NULL;
	struct mpr_drive *drive = NULL;
	int ret = find_adapter(storage, opts, &adapter, error);

	if (ret == 0)
		ret = find_drive(storage, opts, &drive, error);
	if (ret == 0)
		ret = create_disk(adapter->dev->scsi_bus, drive, opts, error);
	if (ret < 0)
		return ret;
	drive->disk = opts;
	drive->adapter = adapter;
	return 0;
}

struct mpr_scsi_tray mpr_disk_tray(const struct mpr_drive *drive)
{
	if (!drive->disk || drive->state != MPR_DRIVE_OPEN)
		return (struct mpr_scsi_tray){0};
	return mpr_scsi_disk_tray(drive->adapter->dev->scsi_bus, drive->target, drive->lun);
}

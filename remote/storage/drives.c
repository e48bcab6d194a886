/* SPDX-License-Identifier: MIT */
#include "remote/storage/drives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mpr_drive_add(struct mpr_storage *storage, struct mpr_drive *drive)
{
	struct mpr_drive **grown =
		reallocarray(storage->drives, storage->count + 1, sizeof(struct mpr_drive *));

	if (!grown)
		return -ENOMEM;
	storage->drives = grown;
	storage->drives[storage->count++] = drive;
	return 0;
}

void mpr_drive_remove(struct mpr_storage *storage, const struct mpr_drive *drive)
{
	size_t i = 0;

	while (storage->drives[i] != drive)
		i++;
	storage->count--;
	memmove(&storage->drives[i], &storage->drives[i + 1],
		(storage->count - i) * sizeof(*storage->drives));
}

struct mpr_drive *mpr_drive_find(const struct mpr_storage *storage, const char *name)
{
	for (size_t i = 0; i < storage->count; i++) {
		struct mpr_drive *drive = storage->drives[i];

		if ((drive->id && !strcmp(drive->id, name)) || !strcmp(drive->node_name, name))
			return drive;
	}
	return NULL;
}

struct mpr_drive *mpr_drive_of_disk(const struct mpr_storage *storage, const char *id)
{
	for (size_t i = 0; i < storage->count; i++) {
		const char *disk = mpr_drive_disk_id(storage->drives[i]);

		if (disk && !strcmp(disk, id))
			return storage->drives[i];
	}
	return NULL;
}

const char *mpr_drive_disk_id(const struct mpr_drive *drive)
{
	return drive->disk ? mpr_opts_get(drive->disk, "id") : NULL;
}

const char *mpr_drive_name(const struct mpr_drive *drive)
{
	return drive->id ? drive->id : drive->node_name;
}

bool mpr_drives_idle(const struct mpr_storage *storage)
{
	for (size_t i = 0; i < storage->count; i++)
		if (mpr_blk_in_flight(storage->drives[i]->blk))
			return false;
	return true;
}

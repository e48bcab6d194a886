/* SPDX-License-Identifier: MIT */
#include "remote/storage/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/storage/drive_options.h"
#include "remote/storage/drives.h"

bool mpr_node_is_reference(const struct mpr_opts *opts)
{
	const char *driver = mpr_opts_get(opts, "driver");

	return driver && !strcmp(driver, "raw") && mpr_opts_get(opts, "file");
}

const struct mpr_drive *mpr_node_parent(const struct mpr_storage *storage,
					const struct mpr_drive *drive)
{
	for (size_t i = 0; i < storage->count; i++)
		if (storage->drives[i]->base == drive)
			return storage->drives[i];
	return NULL;
}

/* Why no other node can use this one, or NULL. */
static const char *why_not(const struct mpr_storage *storage, const struct mpr_drive *base)
{
	if (!base || !base->blockdev)
		return "there is no such -blockdev before it";
	if (base->state == MPR_DRIVE_CLOSING)
		return "it is being removed";
	if (base->disk || mpr_node_parent(storage, base))
		return "it is in use";
	return NULL;
}

static int find_base(const struct mpr_storage *storage, const struct mpr_opts *opts,
		     struct mpr_drive **base, char **error)
{
	const char *name = mpr_opts_get(opts, "file");
	const char *why;

	*base = mpr_drive_find(storage, name);
	why = why_not(storage, *base);
	if (!why)
		return 0;
	*error = mpr_errorf("%s: file=%s: %s", mpr_opts_text(opts), name, why);
	return -EINVAL;
}

int mpr_node_share(const struct mpr_storage *storage, struct mpr_drive *drive, char **error)
{
	struct mpr_drive *base = NULL;
	int ret = 0;

	if (!mpr_opts_get(drive->opts, "node-name")) {
		*error = mpr_errorf("%s: node-name=NAME is missing", mpr_opts_text(drive->opts));
		ret = -EINVAL;
	}
	if (ret == 0)
		ret = find_base(storage, drive->opts, &base, error);
	if (ret == 0)
		ret = mpr_node_options_apply(drive->opts, base->blk, error);
	if (ret < 0)
		return ret;
	drive->base = base;
	drive->blk = base->blk;
	drive->file = base->file;
	drive->format = "raw";
	return 0;
}

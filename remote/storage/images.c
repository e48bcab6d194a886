/* SPDX-License-Identifier: MIT */
#include "remote/storage/images.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/device/timers.h"
#include "remote/process/log.h"
#include "remote/storage/drive_options.h"
#include "remote/storage/nodes.h"

#define MAX_ID 247 /* fits in VPD page 83h, where a disk without serial number has it */

/* ---- Opening ------------------------------------------------------------ */

static int check_name(const struct mpr_storage *storage, const struct mpr_opts *opts,
		      const char *key, size_t max, char **error)
{
	const char *name = mpr_opts_get(opts, key);
	const struct mpr_drive *other = name ? mpr_drive_find(storage, name) : NULL;

	if (name && (!*name || strlen(name) > max)) {
		*error = mpr_errorf("%s: %s must have 1 to %zu characters", mpr_opts_text(opts),
				    key, max);
		return -EINVAL;
	}
	if (!other)
		return 0;
	*error = mpr_errorf("%s: %s \"%s\" is taken by %s", mpr_opts_text(opts), key, name,
			    mpr_opts_text(other->opts));
	return -EINVAL;
}

static void set_names(struct mpr_storage *storage, struct mpr_drive *drive)
{
	const char *node_name = mpr_opts_get(drive->opts, "node-name");

	drive->id = mpr_opts_get(drive->opts, "id");
	if (node_name)
		snprintf(drive->node_name, sizeof(drive->node_name), "%s", node_name);
	/* Unlike a number it is unique among QEMU and all remotes of a machine. */
	else if (drive->id && strlen(drive->id) < sizeof(drive->node_name) - strlen("#block-"))
		snprintf(drive->node_name, sizeof(drive->node_name), "#block-%s", drive->id);
	else
		snprintf(drive->node_name, sizeof(drive->node_name), "#block%u",
			 storage->unnamed_nodes++);
}

static int get_on_error(const struct mpr_opts *opts, const char *key, bool write,
			enum mpr_blk_on_error *on_error, char **error)
{
	/* "enospc" is for writes, and last, so that reads have one choice less. */
	static const char *const names[] = {"report", "ignore", "stop", "auto", "enospc", NULL};
	static const char *const of_reads[] = {"report", "ignore", "stop", "auto", NULL};
	static const enum mpr_blk_on_error values[] = {MPR_BLK_REPORT, MPR_BLK_IGNORE, MPR_BLK_STOP,
						       MPR_BLK_REPORT, MPR_BLK_ENOSPC};
	unsigned choice = 0;
	int ret = mpr_opts_get_enum(opts, key, write ? names : of_reads, &choice, error);

	if (ret == 0 && mpr_opts_get(opts, key) && strcmp(names[choice], "auto"))
		*on_error = values[choice];
	return ret;
}

/* What the disk says overrides what the drive says. */
int mpr_drive_set_on_error(const struct mpr_drive *drive, const struct mpr_opts *disk, char **error)
{
	const struct mpr_opts *const said[] = {drive->opts, disk};
	enum mpr_blk_on_error read = MPR_BLK_REPORT, write = MPR_BLK_REPORT;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(said) / sizeof(said[0]) && said[i]; i++) {
		ret = get_on_error(said[i], "rerror", false, &read, error);
		if (ret == 0)
			ret = get_on_error(said[i], "werror", true, &write, error);
	}
	if (ret == 0)
		mpr_blk_set_on_error(drive->blk, read, write);
	return ret;
}

static bool is_named(const struct mpr_opts *opts, const char *key, const char *name)
{
	const char *value = mpr_opts_get(opts, key);

	return value && !strcmp(value, name);
}

/* True when the disk that is to use the drive has share-rw=on, or when there is none yet:
 * the lock is then tightened when the disk comes. */
static bool may_share(const struct mpr_storage *storage, const struct mpr_opts *opts)
{
	const struct mpr_option_list *devices = storage->devices;

	for (size_t i = 0; i < devices->count; i++) {
		const char *name = mpr_opts_get(devices->opts[i], "drive");
		const char *share = mpr_opts_get(devices->opts[i], "share-rw");

		if (name && (is_named(opts, "id", name) || is_named(opts, "node-name", name)))
			return share && mpr_opts_is_on(share);
	}
	return true;
}

static bool is_not_writable(int error)
{
	return error == -EACCES || error == -EPERM || error == -EROFS;
}

static int open_image(struct mpr_storage *storage, struct mpr_drive *drive, char **error)
{
	struct mpr_blk_options options;
	bool fall_back;
	char *why;
	int ret = drive->blockdev
			  ? mpr_blockdev_options_get(drive->opts, &options, &fall_back, error)
			  : mpr_drive_options_get(drive->opts, &options, &fall_back, error);

	if (ret < 0)
		return ret;
	options.share = may_share(storage, drive->opts);
	ret = mpr_blk_open(storage->uring, &options, &drive->blk, &why);
	if (fall_back && !options.read_only && is_not_writable(ret)) {
		mpr_log(NULL, "%s: opened read-only, for %s", mpr_opts_text(drive->opts), why);
		free(why);
		options.read_only = true;
		ret = mpr_blk_open(storage->uring, &options, &drive->blk, &why);
	}
	if (ret < 0) {
		*error = mpr_errorf("%s: %s", mpr_opts_text(drive->opts),
				    why ? why : strerror(-ret));
		free(why);
	}
	drive->file = options.file;
	drive->format = options.format ? options.format : "raw";
	if (drive->blockdev)
		drive->format = mpr_opts_get(drive->opts, "driver");
	return ret == 0 ? mpr_drive_set_on_error(drive, NULL, error) : ret;
}

static void close_image(const struct mpr_drive *drive)
{
	if (!drive->base)
		(void)mpr_blk_close(drive->blk);
}

int mpr_drive_open(struct mpr_storage *storage, struct mpr_opts *opts, bool blockdev, char **error)
{
	struct mpr_drive *drive;
	int ret = check_name(storage, opts, "id", MAX_ID, error);

	if (ret == 0)
		ret = check_name(storage, opts, "node-name", sizeof(drive->node_name) - 1, error);
	if (ret < 0)
		return ret;
	drive = calloc(1, sizeof(*drive));
	if (!drive)
		return -ENOMEM;
	drive->opts = opts;
	drive->blockdev = blockdev;
	ret = blockdev && mpr_node_is_reference(opts) ? mpr_node_share(storage, drive, error)
						      : open_image(storage, drive, error);
	if (ret == 0)
		ret = mpr_drive_add(storage, drive);
	if (ret < 0) {
		close_image(drive);
		free(drive);
		return ret;
	}
	set_names(storage, drive);
	return 0;
}

void mpr_drive_close(struct mpr_storage *storage, struct mpr_drive *drive)
{
	mpr_drive_remove(storage, drive);
	close_image(drive);
	free(drive);
}

/* May block: nobody is served yet. */
static int open_unlocked(struct mpr_storage *storage, struct mpr_opts *opts, bool blockdev,
			 uint64_t deadline, char **error)
{
	int ret = mpr_drive_open(storage, opts, blockdev, error);

	while (ret == -EBUSY && mpr_clock_now() < deadline) {
		free(*error);
		*error = NULL;
		usleep(MPR_DRIVE_LOCK_RETRY_MS * 1000);
		ret = mpr_drive_open(storage, opts, blockdev, error);
	}
	return ret;
}

static int open_list(struct mpr_storage *storage, const struct mpr_option_list *list, bool blockdev,
		     uint64_t deadline, char **error)
{
	for (size_t i = 0; i < list->count; i++) {
		int ret = open_unlocked(storage, list->opts[i], blockdev, deadline, error);

		if (ret < 0)
			return ret;
	}
	return 0;
}

int mpr_drives_build(struct mpr_storage *storage, const struct mpr_option_list *drives,
		     const struct mpr_option_list *blockdevs, char **error)
{
	uint64_t deadline = mpr_clock_now() + MPR_DRIVE_LOCK_WAIT_MS * UINT64_C(1000000);
	int ret = open_list(storage, drives, false, deadline, error);

	return ret == 0 ? open_list(storage, blockdevs, true, deadline, error) : ret;
}

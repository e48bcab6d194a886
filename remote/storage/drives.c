/* SPDX-License-Identifier: MIT */
#include "remote/storage/drives.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/device/timers.h"
#include "remote/process/log.h"
#include "remote/storage/drive_options.h"
#include "remote/storage/nodes.h"

#define MAX_ID 247 /* as a guest sees it of a disk without serial number */

/* ---- Opening ------------------------------------------------------------ */

static int check_name(const struct mpr_machine *machine, const struct mpr_opts *opts,
		      const char *key, size_t max, char **error)
{
	const char *name = mpr_opts_get(opts, key);
	const struct mpr_drive *other = name ? mpr_drive_find(machine, name) : NULL;

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

static void set_names(struct mpr_machine *machine, struct mpr_drive *drive)
{
	const char *node_name = mpr_opts_get(drive->opts, "node-name");

	drive->id = mpr_opts_get(drive->opts, "id");
	if (node_name)
		snprintf(drive->node_name, sizeof(drive->node_name), "%s", node_name);
	/* Unlike a number it is no other's, in QEMU and other device processes as here. */
	else if (drive->id && strlen(drive->id) < sizeof(drive->node_name) - strlen("#block-"))
		snprintf(drive->node_name, sizeof(drive->node_name), "#block-%s", drive->id);
	else
		snprintf(drive->node_name, sizeof(drive->node_name), "#block%u",
			 machine->unnamed_nodes++);
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

/* What the disk says goes before what the drive says. */
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

static int append(struct mpr_machine *machine, struct mpr_drive *drive)
{
	struct mpr_drive **drives =
		reallocarray(machine->drives, machine->drive_count + 1, sizeof(struct mpr_drive *));

	if (!drives)
		return -ENOMEM;
	machine->drives = drives;
	machine->drives[machine->drive_count++] = drive;
	return 0;
}

static bool is_named(const struct mpr_opts *opts, const char *key, const char *name)
{
	const char *value = mpr_opts_get(opts, key);

	return value && !strcmp(value, name);
}

/* Whether the disk that is to use the drive has share-rw=on; or, while there is none, may
 * have: then the disk says what it needs when it comes. */
static bool may_share(const struct mpr_machine *machine, const struct mpr_opts *opts)
{
	const struct mpr_option_list *devices = &machine->cmdline->devices;

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

static int open_image(struct mpr_machine *machine, struct mpr_drive *drive, char **error)
{
	struct mpr_blk_options options;
	bool fall_back;
	char *why;
	int ret = mpr_drive_options_get(drive->opts, drive->blockdev, &options, &fall_back, error);

	if (ret < 0)
		return ret;
	options.share = may_share(machine, drive->opts);
	ret = mpr_blk_open(machine->watcher->uring, &options, &drive->blk, &why);
	if (fall_back && !options.read_only && is_not_writable(ret)) {
		mpr_log(NULL, "%s: opened read-only, for %s", mpr_opts_text(drive->opts), why);
		free(why);
		options.read_only = true;
		ret = mpr_blk_open(machine->watcher->uring, &options, &drive->blk, &why);
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

int mpr_drive_open(struct mpr_machine *machine, struct mpr_opts *opts, bool blockdev, char **error)
{
	struct mpr_drive *drive;
	int ret = check_name(machine, opts, "id", MAX_ID, error);

	if (ret == 0)
		ret = check_name(machine, opts, "node-name", sizeof(drive->node_name) - 1, error);
	if (ret < 0)
		return ret;
	drive = calloc(1, sizeof(*drive));
	if (!drive)
		return -ENOMEM;
	drive->opts = opts;
	drive->blockdev = blockdev;
	ret = blockdev && mpr_node_is_reference(opts) ? mpr_node_share(machine, drive, error)
						      : open_image(machine, drive, error);
	if (ret == 0)
		ret = append(machine, drive);
	if (ret < 0) {
		close_image(drive);
		free(drive);
		return ret;
	}
	set_names(machine, drive);
	return 0;
}

void mpr_drive_close(struct mpr_machine *machine, struct mpr_drive *drive)
{
	size_t i = 0;

	while (machine->drives[i] != drive)
		i++;
	machine->drive_count--;
	memmove(&machine->drives[i], &machine->drives[i + 1],
		(machine->drive_count - i) * sizeof(*machine->drives));
	close_image(drive);
	free(drive);
}

/* Nobody is served yet who would have to wait. */
static int open_unlocked(struct mpr_machine *machine, struct mpr_opts *opts, bool blockdev,
			 uint64_t deadline, char **error)
{
	int ret = mpr_drive_open(machine, opts, blockdev, error);

	while (ret == -EBUSY && mpr_clock_now() < deadline) {
		free(*error);
		*error = NULL;
		usleep(MPR_DRIVE_LOCK_RETRY_MS * 1000);
		ret = mpr_drive_open(machine, opts, blockdev, error);
	}
	return ret;
}

static int open_list(struct mpr_machine *machine, const struct mpr_option_list *list, bool blockdev,
		     uint64_t deadline, char **error)
{
	for (size_t i = 0; i < list->count; i++) {
		int ret = open_unlocked(machine, list->opts[i], blockdev, deadline, error);

		if (ret < 0)
			return ret;
	}
	return 0;
}

int mpr_drives_build(struct mpr_machine *machine, char **error)
{
	const struct mpr_cmdline *cmdline = machine->cmdline;
	uint64_t deadline = mpr_clock_now() + MPR_DRIVE_LOCK_WAIT_MS * UINT64_C(1000000);
	int ret = open_list(machine, &cmdline->drives, false, deadline, error);

	return ret == 0 ? open_list(machine, &cmdline->blockdevs, true, deadline, error) : ret;
}

/* ---- Finding ------------------------------------------------------------ */

struct mpr_drive *mpr_drive_find(const struct mpr_machine *machine, const char *name)
{
	for (size_t i = 0; i < machine->drive_count; i++) {
		struct mpr_drive *drive = machine->drives[i];

		if ((drive->id && !strcmp(drive->id, name)) || !strcmp(drive->node_name, name))
			return drive;
	}
	return NULL;
}

struct mpr_drive *mpr_drive_of_disk(const struct mpr_machine *machine, const char *id)
{
	for (size_t i = 0; i < machine->drive_count; i++) {
		const char *disk = mpr_drive_disk_id(machine->drives[i]);

		if (disk && !strcmp(disk, id))
			return machine->drives[i];
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

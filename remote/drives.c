/* SPDX-License-Identifier: MIT */
#include "remote/drives.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "remote/log.h"
#include "remote/nodes.h"
#include "remote/timers.h"

static const char *const cache_modes[] = {
	[MPR_CACHE_WRITEBACK] = "writeback",   [MPR_CACHE_NONE] = "none",
	[MPR_CACHE_DIRECTSYNC] = "directsync", [MPR_CACHE_WRITETHROUGH] = "writethrough",
	[MPR_CACHE_UNSAFE] = "unsafe",	       NULL,
};

static int missing(const struct mpr_opts *opts, const char *what, char **error)
{
	*error = mpr_errorf("%s: %s is missing", mpr_opts_text(opts), what);
	return -EINVAL;
}

static int check_format(const struct mpr_opts *opts, char **error)
{
	const char *format = mpr_opts_get(opts, "format");

	if (!format || !strcmp(format, "raw"))
		return 0;
	*error = mpr_errorf("%s: format=%s is not supported, only raw is (qemu-img convert -O raw "
			    "makes it)",
			    mpr_opts_text(opts), format);
	return -EINVAL;
}

/* -drive's own devices (if=ide ...) are a VMM's; here disks are -device's. */
static int check_interface(const struct mpr_opts *opts, char **error)
{
	static const char *const none[] = {"none", NULL};
	unsigned interface;

	return mpr_opts_get_enum(opts, "if", none, &interface, error);
}

/* ---- What both accept --------------------------------------------------- */

static int check_choice(const struct mpr_opts *opts, const char *key, const char *allowed,
			const char *remedy, char **error)
{
	const char *value = mpr_opts_get(opts, key);

	if (!value || !strcmp(value, allowed))
		return 0;
	*error = mpr_errorf("%s: %s=%s is not supported, only %s is%s", mpr_opts_text(opts), key,
			    value, allowed, remedy);
	return -EINVAL;
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

/* Whatever is asked for, io_uring does it. */
static int check_aio(const struct mpr_opts *opts, const char *key, char **error)
{
	static const char *const kinds[] = {"io_uring", "threads", "native", NULL};
	unsigned kind = 0;
	int ret = mpr_opts_get_enum(opts, key, kinds, &kind, error);

	if (ret == 0 && kind)
		mpr_log(NULL, "%s: io_uring is used for %s=%s", mpr_opts_text(opts), key,
			kinds[kind]);
	return ret;
}

int mpr_drive_get_discard(const struct mpr_opts *opts, const char *key, bool *discard, char **error)
{
	static const char *const names[] = {"ignore", "off", "unmap", "on", NULL};
	unsigned choice = 0;
	int ret = mpr_opts_get_enum(opts, key, names, &choice, error);

	*discard = choice >= 2;
	return ret;
}

/* ---- -drive ------------------------------------------------------------- */

static int check_drive(const struct mpr_opts *opts, char **error)
{
	int ret = mpr_opts_check(opts, mpr_drive_properties, error);

	if (ret == 0 && !mpr_opts_get(opts, "id"))
		ret = missing(opts, "id=NAME", error);
	if (ret == 0 && !mpr_opts_get(opts, "file"))
		ret = missing(opts, "file=PATH", error);
	if (ret == 0)
		ret = check_interface(opts, error);
	if (ret == 0)
		ret = check_format(opts, error);
	if (ret == 0)
		ret = check_choice(opts, "media", "disk", "", error);
	return ret == 0 ? check_aio(opts, "aio", error) : ret;
}

/* A cache mode in its parts. */
struct cache {
	bool direct, no_flush, writeback;
};

static int get_mode(const struct mpr_opts *opts, const struct cache *cache,
		    enum mpr_blk_cache *mode, char **error)
{
	if (cache->no_flush && (cache->direct || !cache->writeback)) {
		*error = mpr_errorf("%s: cache.no-flush=on is for cache.direct=off and "
				    "cache.writeback=on only: elsewhere flushes are made",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	if (cache->no_flush)
		*mode = MPR_CACHE_UNSAFE;
	else if (cache->direct)
		*mode = cache->writeback ? MPR_CACHE_NONE : MPR_CACHE_DIRECTSYNC;
	else
		*mode = cache->writeback ? MPR_CACHE_WRITEBACK : MPR_CACHE_WRITETHROUGH;
	return 0;
}

/* cache=MODE, and what differs from it. */
static int get_cache(const struct mpr_opts *opts, enum mpr_blk_cache *mode, char **error)
{
	unsigned given = MPR_CACHE_WRITEBACK;
	struct cache cache;
	int ret = mpr_opts_get_enum(opts, "cache", cache_modes, &given, error);

	*mode = (enum mpr_blk_cache)given;
	cache.direct = mpr_cache_is_direct(*mode);
	cache.writeback = !mpr_cache_is_durable(*mode);
	cache.no_flush = *mode == MPR_CACHE_UNSAFE;
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "cache.direct", &cache.direct, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "cache.writeback", &cache.writeback, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "cache.no-flush", &cache.no_flush, error);
	return ret == 0 ? get_mode(opts, &cache, mode, error) : ret;
}

static int get_drive_options(const struct mpr_opts *opts, struct mpr_blk_options *options,
			     char **error)
{
	int ret = check_drive(opts, error);

	if (ret == 0)
		ret = get_cache(opts, &options->cache, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "readonly", &options->read_only, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "read-only", &options->read_only, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "iopoll", &options->iopoll, error);
	if (ret == 0)
		ret = mpr_drive_get_discard(opts, "discard", &options->discard, error);
	options->file = mpr_opts_get(opts, "file");
	options->format = mpr_opts_get(opts, "format");
	return ret;
}

/* ---- -blockdev ---------------------------------------------------------- */

static bool is_file_driver(const char *driver)
{
	return driver && (!strcmp(driver, "file") || !strcmp(driver, "host_device"));
}

/* The node of a format holds that of the file, or stands for both. */
static const char *prefix_of_file(const struct mpr_opts *opts)
{
	return is_file_driver(mpr_opts_get(opts, "driver")) ? "" : "file.";
}

static const char *get_of_file(const struct mpr_opts *opts, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "%s%s", prefix_of_file(opts), name);
	return mpr_opts_get(opts, key);
}

static int check_driver(const struct mpr_opts *opts, char **error)
{
	const char *driver = mpr_opts_get(opts, "driver");

	if (!driver)
		return missing(opts, "driver=NAME", error);
	if (!is_file_driver(driver) && strcmp(driver, "raw")) {
		*error = mpr_errorf("%s: driver=%s is not supported, only raw, file and "
				    "host_device are",
				    mpr_opts_text(opts), driver);
		return -EINVAL;
	}
	if (mpr_opts_get(opts, "file")) {
		*error = mpr_errorf("%s: file=%s: only driver=raw stands on another node",
				    mpr_opts_text(opts), mpr_opts_get(opts, "file"));
		return -EINVAL;
	}
	if (!is_file_driver(get_of_file(opts, "driver")))
		return missing(opts, "file.driver=file", error);
	return 0;
}

/* A property of either node. */
static int get_bool(const struct mpr_opts *opts, const char *name, bool *value, char **error)
{
	char key[64];
	int ret;

	snprintf(key, sizeof(key), "file.%s", name);
	ret = mpr_opts_get_bool(opts, key, value, error);
	return ret == 0 ? mpr_opts_get_bool(opts, name, value, error) : ret;
}

static int check_blockdev(const struct mpr_opts *opts, char **error)
{
	int ret = mpr_opts_check(opts, mpr_blockdev_properties, error);

	if (ret == 0)
		ret = check_driver(opts, error);
	if (ret == 0 && !mpr_opts_get(opts, "node-name"))
		ret = missing(opts, "node-name=NAME", error);
	if (ret == 0 && !get_of_file(opts, "filename"))
		ret = missing(opts, "filename=PATH", error);
	if (ret == 0)
		ret = check_aio(opts, "aio", error);
	return ret == 0 ? check_aio(opts, "file.aio", error) : ret;
}

/* It passes both nodes, or the one that stands for both. */
static int get_node_discard(const struct mpr_opts *opts, bool *discard, char **error)
{
	bool of_file = false;
	int ret = mpr_drive_get_discard(opts, "discard", discard, error);

	if (ret < 0 || !*prefix_of_file(opts))
		return ret;
	ret = mpr_drive_get_discard(opts, "file.discard", &of_file, error);
	*discard = *discard && of_file;
	return ret;
}

static int get_blockdev_options(const struct mpr_opts *opts, struct mpr_blk_options *options,
				char **error)
{
	struct cache cache = {.writeback = true};
	int ret = check_blockdev(opts, error);

	if (ret == 0)
		ret = get_bool(opts, "cache.direct", &cache.direct, error);
	if (ret == 0)
		ret = get_bool(opts, "cache.no-flush", &cache.no_flush, error);
	if (ret == 0)
		ret = get_mode(opts, &cache, &options->cache, error);
	if (ret == 0)
		ret = get_bool(opts, "read-only", &options->read_only, error);
	if (ret == 0)
		ret = get_bool(opts, "iopoll", &options->iopoll, error);
	if (ret == 0)
		ret = get_node_discard(opts, &options->discard, error);
	options->file = get_of_file(opts, "filename");
	options->format = "raw";
	return ret;
}

/* ---- Opening ------------------------------------------------------------ */

static int check_name(const struct mpr_machine *machine, const struct mpr_opts *opts,
		      const char *key, char **error)
{
	const char *name = mpr_opts_get(opts, key);
	const struct mpr_drive *other = name ? mpr_drive_find(machine, name) : NULL;

	if (name && (!*name || strlen(name) >= sizeof(other->node_name))) {
		*error = mpr_errorf("%s: %s must have 1 to %zu characters", mpr_opts_text(opts),
				    key, sizeof(other->node_name) - 1);
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

static int open_image(struct mpr_machine *machine, struct mpr_drive *drive, char **error)
{
	struct mpr_blk_options options = {0};
	char *why;
	int ret = drive->blockdev ? get_blockdev_options(drive->opts, &options, error)
				  : get_drive_options(drive->opts, &options, error);

	if (ret < 0)
		return ret;
	options.share = may_share(machine, drive->opts);
	ret = mpr_blk_open(machine->watcher->uring, &options, &drive->blk, &why);
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
	int ret = check_name(machine, opts, "id", error);

	if (ret == 0)
		ret = check_name(machine, opts, "node-name", error);
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

/* SPDX-License-Identifier: MIT */
#include "remote/drives.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const cache_modes[] = {
	[MPR_CACHE_WRITEBACK] = "writeback",
	[MPR_CACHE_NONE] = "none",
	[MPR_CACHE_DIRECTSYNC] = "directsync",
	NULL,
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

static int get_options(const struct mpr_opts *opts, struct mpr_blk_options *options, char **error)
{
	unsigned cache = MPR_CACHE_WRITEBACK;
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
		ret = mpr_opts_get_enum(opts, "cache", cache_modes, &cache, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "readonly", &options->read_only, error);
	options->file = mpr_opts_get(opts, "file");
	options->format = mpr_opts_get(opts, "format");
	options->cache = (enum mpr_blk_cache)cache;
	return ret;
}

static int open_drive(struct mpr_drive *drive, const struct mpr_opts *opts, struct mpr_uring *uring,
		      char **error)
{
	struct mpr_blk_options options = {0};
	char *why;
	int ret = get_options(opts, &options, error);

	if (ret < 0)
		return ret;
	drive->opts = opts;
	drive->id = mpr_opts_get(opts, "id");
	ret = mpr_blk_open(uring, &options, &drive->blk, &why);
	if (ret < 0) {
		*error = mpr_errorf("%s: %s", mpr_opts_text(opts), why ? why : strerror(-ret));
		free(why);
	}
	return ret;
}

int mpr_drives_build(struct mpr_machine *machine, const struct mpr_option_list *drives,
		     struct mpr_uring *uring, char **error)
{
	machine->drives = calloc(drives->count + 1, sizeof(*machine->drives));
	if (!machine->drives)
		return -ENOMEM;
	for (size_t i = 0; i < drives->count; i++) {
		int ret = open_drive(&machine->drives[i], drives->opts[i], uring, error);

		if (ret < 0)
			return ret;
		machine->drive_count++;
	}
	return 0;
}

struct mpr_drive *mpr_drive_find(const struct mpr_machine *machine, const char *id)
{
	for (size_t i = 0; i < machine->drive_count; i++)
		if (!strcmp(machine->drives[i].id, id))
			return &machine->drives[i];
	return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "remote/storage/drive_options.h"

#include <errno.h>
#include <string.h>

#include "remote/storage/image_options.h"

static const char *const drive_properties[] = {
	"id",
	"node-name",
	"file",
	"format",
	"driver",
	"if",
	"bus",
	"unit",
	"index",
	"cache",
	"cache.direct",
	"cache.writeback",
	"cache.no-flush",
	"readonly",
	"read-only",
	"auto-read-only",
	"force-share",
	"aio",
	"discard",
	"detect-zeroes",
	"werror",
	"rerror",
	"serial",
	"iopoll",
	MPR_IMAGE_OF_FILE("file."),
	NULL,
};

bool mpr_drive_is_attached(const struct mpr_opts *opts)
{
	const char *interface = mpr_opts_get(opts, "if");

	return interface && !strcmp(interface, "scsi");
}

/* -drive's other devices (if=ide ...) are a VMM's. */
static int check_interface(const struct mpr_opts *opts, char **error)
{
	static const char *const names[] = {"none", "scsi", NULL};
	unsigned interface;

	return mpr_opts_get_enum(opts, "if", names, &interface, error);
}

/* Only with if=scsi is there a disk to be placed; else its -device says where. */
static int check_place(const struct mpr_opts *opts, char **error)
{
	static const char *const keys[] = {"bus", "unit", "index"};
	int ret = check_interface(opts, error);

	if (mpr_drive_is_attached(opts))
		return ret;
	for (size_t i = 0; ret == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!mpr_opts_get(opts, keys[i]))
			continue;
		*error = mpr_errorf("%s: %s= needs if=scsi; else it is the -device's affair",
				    mpr_opts_text(opts), keys[i]);
		return -EINVAL;
	}
	return ret;
}

static int check_format(const struct mpr_opts *opts, const char *key, char **error)
{
	const char *format = mpr_opts_get(opts, key);

	if (!format || !strcmp(format, "raw"))
		return 0;
	*error = mpr_errorf("%s: %s=%s is not supported, only raw is (qemu-img convert -O raw "
			    "makes it)",
			    mpr_opts_text(opts), key, format);
	return -EINVAL;
}

/* Strips "file:" from a name, as QEMU does; NULL: it names another protocol. */
static const char *without_protocol(const char *name)
{
	static const char *const ours[] = {"file:", "host_device:"};
	static const char *const others[] = {
		"json:", "nbd:", "nbd+", "http:",   "https:", "ftp:", "ftps:",	   "iscsi:",
		"rbd:",	 "ssh:", "nfs:", "gluster", "nvme:",  "fat:", "blkdebug:", "blkverify:",
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strncmp(name, ours[i], strlen(ours[i])))
			return name + strlen(ours[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncmp(name, others[i], strlen(others[i])) && strchr(name, ':'))
			return NULL;
	return name;
}

/* file=NAME or file.filename=NAME. */
static int get_file(const struct mpr_opts *opts, const char **file, char **error)
{
	const char *name = mpr_opts_get(opts, "file");
	const char *driver = mpr_opts_get(opts, "file.driver");

	*file = mpr_opts_get(opts, "file.filename");
	if (name && *file) {
		*error = mpr_errorf("%s: file= and file.filename= are the same: leave out one",
				    mpr_opts_text(opts));
		return -EINVAL;
	}
	if (driver && !mpr_image_is_file_driver(driver)) {
		*error = mpr_errorf("%s: file.driver=%s is not supported, only file and "
				    "host_device are",
				    mpr_opts_text(opts), driver);
		return -EINVAL;
	}
	if (!name && !*file)
		return mpr_image_missing(opts, "file=PATH", error);
	if (name)
		*file = without_protocol(name);
	if (*file)
		return 0;
	*error = mpr_errorf("%s: file=%s is not supported, only files and block devices are (./%s "
			    "is a file)",
			    mpr_opts_text(opts), name, name);
	return -EINVAL;
}

static int check_drive(const struct mpr_opts *opts, char **error)
{
	int ret = mpr_image_check_names(opts, drive_properties, error);

	if (ret == 0)
		ret = check_place(opts, error);
	if (ret == 0 && !mpr_opts_get(opts, "id"))
		ret = mpr_image_missing(opts, "id=NAME", error);
	if (ret == 0)
		ret = check_format(opts, "format", error);
	return ret == 0 ? check_format(opts, "driver", error) : ret;
}

/* cache=MODE, of which other properties override parts. */
static int get_cache(const struct mpr_opts *opts, struct mpr_image_cache *cache, char **error)
{
	static const struct {
		const char *name;
		struct mpr_image_cache cache;
	} modes[] = {
		{"writeback", {.writeback = true}},
		{"none", {.direct = true, .writeback = true}},
		{"off", {.direct = true, .writeback = true}},
		{"directsync", {.direct = true}},
		{"writethrough", {.writeback = false}},
		{"unsafe", {.no_flush = true, .writeback = true}},
	};
	const char *names[sizeof(modes) / sizeof(modes[0]) + 1] = {NULL};
	unsigned choice = 0;
	int ret;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		names[i] = modes[i].name;
	ret = mpr_opts_get_enum(opts, "cache", names, &choice, error);
	*cache = modes[choice].cache;
	return ret == 0 ? mpr_opts_get_bool(opts, "cache.writeback", &cache->writeback, error)
			: ret;
}

/* The file's node inherits what the drive says, unless it is told something else. */
int mpr_drive_options_get(const struct mpr_opts *opts, struct mpr_blk_options *options,
			  bool *fall_back, char **error)
{
	struct mpr_image_cache cache;
	int ret = check_drive(opts, error);

	*options = (struct mpr_blk_options){0};
	*fall_back = false;
	if (ret == 0)
		ret = get_file(opts, &options->file, error);
	if (ret == 0)
		ret = get_cache(opts, &cache, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "readonly", &options->read_only, error);
	if (ret == 0)
		ret = mpr_image_get_common(opts, &cache, options, fall_back, error);
	if (ret == 0)
		ret = mpr_image_get_discard(opts, "discard", &options->discard, error);
	if (ret == 0)
		ret = mpr_image_get_discard(opts, "file.discard", &options->discard, error);
	if (ret == 0)
		ret = mpr_image_get_zeroes(opts, "file.detect-zeroes", &options->zeroes, error);
	if (ret == 0)
		ret = mpr_image_get_zeroes(opts, "detect-zeroes", &options->zeroes, error);
	mpr_image_bound_zeroes(options);
	options->format = mpr_opts_get(opts, "format");
	if (!options->format)
		options->format = mpr_opts_get(opts, "driver");
	return ret;
}

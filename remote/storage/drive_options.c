/* SPDX-License-Identifier: MIT */
#include "remote/storage/drive_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "remote/process/log.h"
#include "remote/storage/fixed.h"

/* ---- Names -------------------------------------------------------------- */

/* Of the node of the file. */
#define OF_FILE(prefix)                                                                         \
	prefix "driver", prefix "node-name", prefix "filename", prefix "aio", prefix "locking", \
		prefix "read-only", prefix "auto-read-only", prefix "force-share",              \
		prefix "discard", prefix "detect-zeroes", prefix "cache.direct",                \
		prefix "cache.no-flush", prefix "iopoll"

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
	OF_FILE("file."),
	NULL,
};
static const char *const blockdev_properties[] = {OF_FILE(""), OF_FILE("file."), "file", NULL};
static const char *const node_properties[] = {
	"driver",  "node-name",	    "file",	    "read-only",      "auto-read-only",
	"discard", "detect-zeroes", "cache.direct", "cache.no-flush", NULL,
};

#define THROTTLED "I/O is not throttled here: bound the process by its cgroup's io.max"
#define WHOLE_FILE "the disk is the whole file (losetup makes a part of one a device)"
#define NO_RESERVATIONS "there are no persistent reservations"
#define BATCHES "requests are submitted in rounds, whose size is not set"
#define NO_MIGRATION "it is for migration, which there is not"

/* Options of the file's node that mean nothing here. */
#define FIXED_OF_FILE(prefix)                                                                     \
	{prefix "pr-manager", {NULL}, NO_RESERVATIONS}, {prefix "aio-max-batch", {"0"}, BATCHES}, \
		{prefix "drop-cache", {"on", "off"}, NO_MIGRATION},                               \
	{                                                                                         \
		prefix "x-check-cache-dropped", MPR_FIXED_OFF, NO_MIGRATION                       \
	}

static const struct mpr_fixed fixed[] = {
	FIXED_OF_FILE(""),
	FIXED_OF_FILE("file."),
	{"offset", {"0"}, WHOLE_FILE},
	{"size", {NULL}, WHOLE_FILE},
	{"media", {"disk"}, "there are only disks"},
	{"snapshot", MPR_FIXED_OFF, "use a copy of the image"},
	{"copy-on-read", MPR_FIXED_OFF, "a raw image has nothing to copy from"},
	{"stats-account-invalid", MPR_FIXED_ON, "invalid requests are always counted"},
	{"stats-account-failed", MPR_FIXED_ON, "failed requests are always counted"},
	{"stats-intervals.", {NULL}, "there are no statistics of intervals"},
	{"throttling.", {"0"}, THROTTLED},
	{"group", {NULL}, THROTTLED},
	{"bps", {"0"}, THROTTLED},
	{"bps_rd", {"0"}, THROTTLED},
	{"bps_wr", {"0"}, THROTTLED},
	{"bps_max", {"0"}, THROTTLED},
	{"bps_rd_max", {"0"}, THROTTLED},
	{"bps_wr_max", {"0"}, THROTTLED},
	{"iops", {"0"}, THROTTLED},
	{"iops_rd", {"0"}, THROTTLED},
	{"iops_wr", {"0"}, THROTTLED},
	{"iops_max", {"0"}, THROTTLED},
	{"iops_rd_max", {"0"}, THROTTLED},
	{"iops_wr_max", {"0"}, THROTTLED},
	{"iops_size", {"0"}, THROTTLED},
};

#define FIXED_COUNT (sizeof(fixed) / sizeof(fixed[0]))

static bool is_known(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (!strcmp(*known, key))
			return true;
	return mpr_fixed_find(fixed, FIXED_COUNT, key);
}

/* Known, or fixed and of an accepted value. */
static int check_names(const struct mpr_opts *opts, const char *const *known, char **error)
{
	int ret = mpr_fixed_check(opts, fixed, FIXED_COUNT, error);
	const char *key, *value;

	for (size_t i = 0; ret == 0 && mpr_opts_item(opts, i, &key, &value); i++)
		if (!is_known(key, known))
			return mpr_opts_check(opts, known, error);
	return ret;
}

static int missing(const struct mpr_opts *opts, const char *what, char **error)
{
	*error = mpr_errorf("%s: %s is missing", mpr_opts_text(opts), what);
	return -EINVAL;
}

/* ---- What both accept --------------------------------------------------- */

/* A property of either node; that of the format's goes first. */
static int get_bool(const struct mpr_opts *opts, const char *name, bool *value, char **error)
{
	char key[64];
	int ret;

	snprintf(key, sizeof(key), "file.%s", name);
	ret = mpr_opts_get_bool(opts, key, value, error);
	return ret == 0 ? mpr_opts_get_bool(opts, name, value, error) : ret;
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

static int get_discard(const struct mpr_opts *opts, const char *key, bool *discard, char **error)
{
	static const char *const names[] = {"ignore", "off", "unmap", "on", NULL};
	unsigned choice = *discard ? 2 : 0;
	int ret = mpr_opts_get_enum(opts, key, names, &choice, error);

	*discard = choice >= 2;
	return ret;
}

const char *const mpr_zeroes_names[] = {
	[MPR_BLK_ZEROES_WRITE] = "off",
	[MPR_BLK_ZEROES_RANGE] = "on",
	[MPR_BLK_ZEROES_UNMAP] = "unmap",
	NULL,
};

static int get_zeroes(const struct mpr_opts *opts, const char *key, enum mpr_blk_zeroes *zeroes,
		      char **error)
{
	unsigned choice = *zeroes;
	int ret = mpr_opts_get_enum(opts, key, mpr_zeroes_names, &choice, error);

	*zeroes = (enum mpr_blk_zeroes)choice;
	return ret;
}

/* That of a node, which -blockdev wants to be consistent. */
static int get_zeroes_of_node(const struct mpr_opts *opts, const char *key, bool discard,
			      enum mpr_blk_zeroes *zeroes, char **error)
{
	int ret = get_zeroes(opts, key, zeroes, error);

	if (ret < 0 || *zeroes != MPR_BLK_ZEROES_UNMAP || discard || !mpr_opts_get(opts, key))
		return ret;
	*error = mpr_errorf("%s: %s=unmap needs discard=unmap", mpr_opts_text(opts), key);
	return -EINVAL;
}

/* What is not to be discarded is not unmapped either. */
static void bound_zeroes(struct mpr_blk_options *options)
{
	if (options->zeroes == MPR_BLK_ZEROES_UNMAP && !options->discard)
		options->zeroes = MPR_BLK_ZEROES_RANGE;
}

static int get_locking(const struct mpr_opts *opts, const char *key, bool *no_lock, char **error)
{
	static const char *const names[] = {"auto", "on", "off", NULL};
	unsigned choice = 0;
	int ret = mpr_opts_get_enum(opts, key, names, &choice, error);

	*no_lock = *no_lock || choice == 2;
	return ret;
}

/* Without a lock others may write: a reader must ask for that. */
static int get_sharing(const struct mpr_opts *opts, struct mpr_blk_options *options, char **error)
{
	bool force = false;
	int ret = get_bool(opts, "force-share", &force, error);

	if (ret == 0 && force && !options->read_only) {
		*error = mpr_errorf("%s: force-share=on needs read-only=on", mpr_opts_text(opts));
		return -EINVAL;
	}
	options->no_lock = force;
	if (ret == 0)
		ret = get_locking(opts, "locking", &options->no_lock, error);
	return ret == 0 ? get_locking(opts, "file.locking", &options->no_lock, error) : ret;
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

static int get_common(const struct mpr_opts *opts, struct cache *cache,
		      struct mpr_blk_options *options, bool *fall_back, char **error)
{
	int ret = get_bool(opts, "cache.direct", &cache->direct, error);

	if (ret == 0)
		ret = get_bool(opts, "cache.no-flush", &cache->no_flush, error);
	if (ret == 0)
		ret = get_mode(opts, cache, &options->cache, error);
	if (ret == 0)
		ret = get_bool(opts, "read-only", &options->read_only, error);
	if (ret == 0)
		ret = get_bool(opts, "auto-read-only", fall_back, error);
	if (ret == 0)
		ret = get_bool(opts, "iopoll", &options->iopoll, error);
	if (ret == 0)
		ret = get_sharing(opts, options, error);
	if (ret == 0)
		ret = check_aio(opts, "aio", error);
	return ret == 0 ? check_aio(opts, "file.aio", error) : ret;
}

/* ---- -drive ------------------------------------------------------------- */

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

/* Where the disk is, is said by -device unless -drive describes it. */
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

static bool is_file_driver(const char *driver)
{
	return driver && (!strcmp(driver, "file") || !strcmp(driver, "host_device"));
}

/* A file's name as QEMU writes it, perhaps "file:NAME"; NULL: it is another protocol's. */
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
	if (driver && !is_file_driver(driver)) {
		*error = mpr_errorf("%s: file.driver=%s is not supported, only file and "
				    "host_device are",
				    mpr_opts_text(opts), driver);
		return -EINVAL;
	}
	if (!name && !*file)
		return missing(opts, "file=PATH", error);
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
	int ret = check_names(opts, drive_properties, error);

	if (ret == 0)
		ret = check_place(opts, error);
	if (ret == 0 && !mpr_opts_get(opts, "id"))
		ret = missing(opts, "id=NAME", error);
	if (ret == 0)
		ret = check_format(opts, "format", error);
	return ret == 0 ? check_format(opts, "driver", error) : ret;
}

/* cache=MODE; the rest may differ from it in parts. */
static int get_cache(const struct mpr_opts *opts, struct cache *cache, char **error)
{
	static const struct {
		const char *name;
		struct cache cache;
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
static int get_drive(const struct mpr_opts *opts, struct mpr_blk_options *options, bool *fall_back,
		     char **error)
{
	struct cache cache;
	int ret = check_drive(opts, error);

	if (ret == 0)
		ret = get_file(opts, &options->file, error);
	if (ret == 0)
		ret = get_cache(opts, &cache, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "readonly", &options->read_only, error);
	if (ret == 0)
		ret = get_common(opts, &cache, options, fall_back, error);
	if (ret == 0)
		ret = get_discard(opts, "discard", &options->discard, error);
	if (ret == 0)
		ret = get_discard(opts, "file.discard", &options->discard, error);
	if (ret == 0)
		ret = get_zeroes(opts, "file.detect-zeroes", &options->zeroes, error);
	if (ret == 0)
		ret = get_zeroes(opts, "detect-zeroes", &options->zeroes, error);
	bound_zeroes(options);
	options->format = mpr_opts_get(opts, "format");
	if (!options->format)
		options->format = mpr_opts_get(opts, "driver");
	return ret;
}

/* ---- -blockdev ---------------------------------------------------------- */

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

static int check_blockdev(const struct mpr_opts *opts, char **error)
{
	int ret = check_names(opts, blockdev_properties, error);

	if (ret == 0)
		ret = check_driver(opts, error);
	if (ret == 0 && !mpr_opts_get(opts, "node-name"))
		ret = missing(opts, "node-name=NAME", error);
	if (ret == 0 && !get_of_file(opts, "filename"))
		ret = missing(opts, "filename=PATH", error);
	return ret;
}

/* A discard passes both nodes, or the one that stands for both; what either makes of
 * zeros is done. */
static int get_of_nodes(const struct mpr_opts *opts, struct mpr_blk_options *options, char **error)
{
	bool of_format = false, of_file = false;
	int ret = get_discard(opts, "discard", &of_format, error);

	if (ret == 0)
		ret = get_discard(opts, "file.discard", &of_file, error);
	if (ret == 0)
		ret = get_zeroes_of_node(opts, "file.detect-zeroes", of_file, &options->zeroes,
					 error);
	if (ret == 0)
		ret = get_zeroes_of_node(opts, "detect-zeroes", of_format, &options->zeroes, error);
	options->discard = of_format && (of_file || !*prefix_of_file(opts));
	bound_zeroes(options);
	return ret;
}

static int get_blockdev(const struct mpr_opts *opts, struct mpr_blk_options *options,
			bool *fall_back, char **error)
{
	struct cache cache = {.writeback = true};
	int ret = check_blockdev(opts, error);

	if (ret == 0)
		ret = get_common(opts, &cache, options, fall_back, error);
	if (ret == 0)
		ret = get_of_nodes(opts, options, error);
	options->file = get_of_file(opts, "filename");
	options->format = "raw";
	return ret;
}

/* There is one image, so that the two nodes cannot differ in how it is used. */
static int must_agree(const struct mpr_opts *opts, const char *what, bool here, bool there,
		      char **error)
{
	if (here == there)
		return 0;
	*error = mpr_errorf("%s: %s of node \"%s\" is another: say the same of both",
			    mpr_opts_text(opts), what, mpr_opts_get(opts, "file"));
	return -EINVAL;
}

static int compare_bool(const struct mpr_opts *opts, const char *key, bool standard, bool there,
			char **error)
{
	bool here = standard;
	int ret = mpr_opts_get_bool(opts, key, &here, error);

	return ret == 0 ? must_agree(opts, key, here, there, error) : ret;
}

int mpr_node_options_apply(const struct mpr_opts *opts, struct mpr_blk *base, char **error)
{
	bool read_only = mpr_blk_read_only(base), fall_back = false, discard = false;
	bool direct = mpr_cache_is_direct(mpr_blk_cache_mode(base));
	bool unsafe = mpr_blk_cache_mode(base) == MPR_CACHE_UNSAFE;
	enum mpr_blk_zeroes zeroes = MPR_BLK_ZEROES_WRITE;
	int ret = check_names(opts, node_properties, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "auto-read-only", &fall_back, error);
	if (ret == 0)
		ret = compare_bool(opts, "read-only", fall_back && read_only, read_only, error);
	if (ret == 0)
		ret = compare_bool(opts, "cache.direct", direct, direct, error);
	if (ret == 0)
		ret = compare_bool(opts, "cache.no-flush", unsafe, unsafe, error);
	if (ret == 0)
		ret = get_discard(opts, "discard", &discard, error);
	if (ret == 0)
		ret = must_agree(opts, "discard", discard, mpr_blk_discards(base), error);
	if (ret == 0)
		ret = get_zeroes_of_node(opts, "detect-zeroes", discard, &zeroes, error);
	if (ret == 0 && mpr_opts_get(opts, "detect-zeroes"))
		mpr_blk_set_zeroes(base, zeroes);
	return ret;
}

/* ------------------------------------------------------------------------- */

int mpr_drive_options_get(const struct mpr_opts *opts, bool blockdev,
			  struct mpr_blk_options *options, bool *fall_back, char **error)
{
	*options = (struct mpr_blk_options){0};
	*fall_back = false;
	return blockdev ? get_blockdev(opts, options, fall_back, error)
			: get_drive(opts, options, fall_back, error);
}

/* SPDX-License-Identifier: MIT */
#include "remote/storage/image_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "remote/process/log.h"
#include "remote/storage/drive_options.h"
#include "remote/storage/fixed.h"

/* ---- Names -------------------------------------------------------------- */

#define THROTTLED "I/O is not throttled here: bound the process by its cgroup's io.max"
#define WHOLE_FILE "the disk is the whole file (losetup makes a part of one a device)"
#define NO_RESERVATIONS "there are no persistent reservations"
#define BATCHES "requests are submitted in rounds, whose size is not set"
#define NO_MIGRATION "it is for migration, which there is not"

/* Properties of a file's node that mean nothing here. */
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

int mpr_image_check_names(const struct mpr_opts *opts, const char *const *known, char **error)
{
	int ret = mpr_fixed_check(opts, fixed, FIXED_COUNT, error);
	const char *key, *value;

	for (size_t i = 0; ret == 0 && mpr_opts_item(opts, i, &key, &value); i++)
		if (!is_known(key, known))
			return mpr_opts_check(opts, known, error);
	return ret;
}

int mpr_image_missing(const struct mpr_opts *opts, const char *what, char **error)
{
	*error = mpr_errorf("%s: %s is missing", mpr_opts_text(opts), what);
	return -EINVAL;
}

bool mpr_image_is_file_driver(const char *driver)
{
	return driver && (!strcmp(driver, "file") || !strcmp(driver, "host_device"));
}

/* ---- Values ------------------------------------------------------------- */

/* A property of the file's node, which that of the format's node overrides. */
static int get_bool(const struct mpr_opts *opts, const char *name, bool *value, char **error)
{
	char key[64];
	int ret;

	snprintf(key, sizeof(key), "file.%s", name);
	ret = mpr_opts_get_bool(opts, key, value, error);
	return ret == 0 ? mpr_opts_get_bool(opts, name, value, error) : ret;
}

/* io_uring does the I/O, whatever is asked for. */
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

int mpr_image_get_discard(const struct mpr_opts *opts, const char *key, bool *discard, char **error)
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

int mpr_image_get_zeroes(const struct mpr_opts *opts, const char *key, enum mpr_blk_zeroes *zeroes,
			 char **error)
{
	unsigned choice = *zeroes;
	int ret = mpr_opts_get_enum(opts, key, mpr_zeroes_names, &choice, error);

	*zeroes = (enum mpr_blk_zeroes)choice;
	return ret;
}

int mpr_image_get_zeroes_of_node(const struct mpr_opts *opts, const char *key, bool discard,
				 enum mpr_blk_zeroes *zeroes, char **error)
{
	int ret = mpr_image_get_zeroes(opts, key, zeroes, error);

	if (ret < 0 || *zeroes != MPR_BLK_ZEROES_UNMAP || discard || !mpr_opts_get(opts, key))
		return ret;
	*error = mpr_errorf("%s: %s=unmap needs discard=unmap", mpr_opts_text(opts), key);
	return -EINVAL;
}

void mpr_image_bound_zeroes(struct mpr_blk_options *options)
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

/* Without the lock others may write meanwhile, which only a reader may ask for. */
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

static int get_mode(const struct mpr_opts *opts, const struct mpr_image_cache *cache,
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

int mpr_image_get_common(const struct mpr_opts *opts, struct mpr_image_cache *cache,
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

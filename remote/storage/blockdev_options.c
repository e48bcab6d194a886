/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "remote/storage/drive_options.h"
#include "remote/storage/image_options.h"

static const char *const blockdev_properties[] = {MPR_IMAGE_OF_FILE(""), MPR_IMAGE_OF_FILE("file."),
						  "file", NULL};
static const char *const node_properties[] = {
	"driver",  "node-name",	    "file",	    "read-only",      "auto-read-only",
	"discard", "detect-zeroes", "cache.direct", "cache.no-flush", NULL,
};

/* Before the properties of the file's node, which is part of the format's, if there is
 * one. */
static const char *prefix_of_file(const struct mpr_opts *opts)
{
	return mpr_image_is_file_driver(mpr_opts_get(opts, "driver")) ? "" : "file.";
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
		return mpr_image_missing(opts, "driver=NAME", error);
	if (!mpr_image_is_file_driver(driver) && strcmp(driver, "raw")) {
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
	if (!mpr_image_is_file_driver(get_of_file(opts, "driver")))
		return mpr_image_missing(opts, "file.driver=file", error);
	return 0;
}

static int check_blockdev(const struct mpr_opts *opts, char **error)
{
	int ret = mpr_image_check_names(opts, blockdev_properties, error);

	if (ret == 0)
		ret = check_driver(opts, error);
	if (ret == 0 && !mpr_opts_get(opts, "node-name"))
		ret = mpr_image_missing(opts, "node-name=NAME", error);
	if (ret == 0 && !get_of_file(opts, "filename"))
		ret = mpr_image_missing(opts, "filename=PATH", error);
	return ret;
}

/* A discard must pass both nodes, if there are two; zeroes become what either says. */
static int get_of_nodes(const struct mpr_opts *opts, struct mpr_blk_options *options, char **error)
{
	bool of_format = false, of_file = false;
	int ret = mpr_image_get_discard(opts, "discard", &of_format, error);

	if (ret == 0)
		ret = mpr_image_get_discard(opts, "file.discard", &of_file, error);
	if (ret == 0)
		ret = mpr_image_get_zeroes_of_node(opts, "file.detect-zeroes", of_file,
						   &options->zeroes, error);
	if (ret == 0)
		ret = mpr_image_get_zeroes_of_node(opts, "detect-zeroes", of_format,
						   &options->zeroes, error);
	options->discard = of_format && (of_file || !*prefix_of_file(opts));
	mpr_image_bound_zeroes(options);
	return ret;
}

int mpr_blockdev_options_get(const struct mpr_opts *opts, struct mpr_blk_options *options,
			     bool *fall_back, char **error)
{
	struct mpr_image_cache cache = {.writeback = true};
	int ret = check_blockdev(opts, error);

	*options = (struct mpr_blk_options){0};
	*fall_back = false;
	if (ret == 0)
		ret = mpr_image_get_common(opts, &cache, options, fall_back, error);
	if (ret == 0)
		ret = get_of_nodes(opts, options, error);
	options->file = get_of_file(opts, "filename");
	options->format = "raw";
	return ret;
}

/* ---- A node on top of another one --------------------------------------- */

/* Both nodes use one open image, so they cannot differ. */
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
	int ret = mpr_image_check_names(opts, node_properties, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "auto-read-only", &fall_back, error);
	if (ret == 0)
		ret = compare_bool(opts, "read-only", fall_back && read_only, read_only, error);
	if (ret == 0)
		ret = compare_bool(opts, "cache.direct", direct, direct, error);
	if (ret == 0)
		ret = compare_bool(opts, "cache.no-flush", unsafe, unsafe, error);
	if (ret == 0)
		ret = mpr_image_get_discard(opts, "discard", &discard, error);
	if (ret == 0)
		ret = must_agree(opts, "discard", discard, mpr_blk_discards(base), error);
	if (ret == 0)
		ret = mpr_image_get_zeroes_of_node(opts, "detect-zeroes", discard, &zeroes, error);
	if (ret == 0 && mpr_opts_get(opts, "detect-zeroes"))
		mpr_blk_set_zeroes(base, zeroes);
	return ret;
}

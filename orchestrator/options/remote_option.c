/* SPDX-License-Identifier: MIT */
#include "orchestrator/options/remote_option.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"

static bool is_device(const struct mpr_remote_option *option)
{
	return option->kind != MPR_REMOTE_DRIVE;
}

const char *mpr_remote_option_get(const struct mpr_remote_option *option, const char *key)
{
	return mpr_opts_get(option->opts, key);
}

struct mpr_remote_option *mpr_remote_option_find(const GPtrArray *options, bool drive,
						 const char *id)
{
	for (guint i = 0; i < options->len; i++) {
		struct mpr_remote_option *option = options->pdata[i];

		if (is_device(option) != drive &&
		    !g_strcmp0(mpr_remote_option_get(option, "id"), id))
			return option;
	}
	return NULL;
}

const struct mpr_remote_option *mpr_remote_option_first_adapter(const GPtrArray *options,
								uint64_t rid)
{
	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_ADAPTER && option->rid == rid)
			return option;
	}
	return NULL;
}

bool mpr_remote_option_has_bus(const struct mpr_remote_option *option, const char *bus)
{
	const char *id = mpr_remote_option_get(option, "id");

	return option->kind == MPR_REMOTE_ADAPTER && id && g_str_has_prefix(bus, id) &&
	       !strcmp(bus + strlen(id), ".0");
}

/* The longest name of a node in QEMU. */
#define NODE_NAME_MAX 31

char *mpr_remote_option_node(const struct mpr_remote_option *drive)
{
	const char *name = mpr_remote_option_get(drive, "node-name");
	const char *id = mpr_remote_option_get(drive, "id");

	if (name)
		return mpr_need_text("%s", name);
	if (!id || strlen("#block-") + strlen(id) > NODE_NAME_MAX)
		return NULL;
	return mpr_need_text("#block-%s", id);
}

static int fail(const struct mpr_remote_option *option, const char *why, char **error)
{
	*error = mpr_need_text("%s: %s", mpr_opts_text(option->opts), why);
	return -EINVAL;
}

/* ---- Parsing ------------------------------------------------------------ */

static int take_rid(struct mpr_remote_option *option, char **error)
{
	int err;

	if (!mpr_remote_option_get(option, "rid"))
		return fail(option, "rid= is missing: it numbers the remote process", error);
	err = mpr_opts_get_uint(option->opts, "rid", 0, UINT32_MAX, &option->rid, error);
	mpr_opts_remove(option->opts, "rid");
	return err;
}

int mpr_remote_option_create(struct mpr_opts *opts, bool device, struct mpr_remote_option **result,
			     char **error)
{
	struct mpr_remote_option *option = g_rc_box_new0(struct mpr_remote_option);
	int err;

	option->kind = device ? MPR_REMOTE_DEVICE : MPR_REMOTE_DRIVE;
	option->opts = opts;
	err = take_rid(option, error);
	if (!err && device)
		mpr_need_ok(mpr_opts_resolve_driver(opts));
	if (err)
		mpr_remote_option_unref(option);
	else
		*result = option;
	return err;
}

int mpr_remote_option_parse(const char *name, const char *text, bool device,
			    struct mpr_remote_option **option, char **error)
{
	struct mpr_opts *opts;
	int err = mpr_opts_parse(name, text, device ? "driver" : NULL, &opts, error);

	return err ? err : mpr_remote_option_create(opts, device, option, error);
}

struct mpr_remote_option *mpr_remote_option_ref(struct mpr_remote_option *option)
{
	return g_rc_box_acquire(option);
}

static void clear(void *box)
{
	struct mpr_remote_option *option = box;

	mpr_opts_free(option->opts);
}

void mpr_remote_option_unref(struct mpr_remote_option *option)
{
	g_rc_box_release_full(option, clear);
}

/* ---- Checks ------------------------------------------------------------- */

/* Whether the bus ("lsi0.0") belongs to a device of that process. */
static bool bus_is_remote(const GPtrArray *options, const char *bus, uint64_t rid)
{
	const char *dot = strrchr(bus, '.');
	size_t len = dot ? (size_t)(dot - bus) : 0;

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];
		const char *id = mpr_remote_option_get(option, "id");

		if (is_device(option) && option->rid == rid && id && len && strlen(id) == len &&
		    !strncmp(id, bus, len))
			return true;
	}
	return false;
}

static bool is_adapter(const GPtrArray *options, const struct mpr_remote_option *option)
{
	const char *driver = mpr_remote_option_get(option, "driver");
	const char *bus = mpr_remote_option_get(option, "bus");

	if (!is_device(option) || (driver && !strncmp(driver, "scsi-", 5)))
		return false;
	return !bus || !bus_is_remote(options, bus, option->rid);
}

/* QEMU's rule for ids. It excludes commas, which separate options. */
static bool is_name(const char *text)
{
	if (!isalpha((unsigned char)*text))
		return false;
	while (isalnum((unsigned char)*text) || (*text && strchr("-._", *text)))
		text++;
	return !*text;
}

/* An adapter's driver and id become part of other options, so they must need no quoting. */
static int check_adapter(const struct mpr_remote_option *option, char **error)
{
	const char *driver = mpr_remote_option_get(option, "driver");
	const char *id = mpr_remote_option_get(option, "id");

	if (!driver || !*driver)
		return fail(option, "the driver's name is missing", error);
	if (strspn(driver, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789-._") != strlen(driver))
		return fail(option, "this is not a driver's name", error);
	if (!id)
		return fail(option, "id= is missing: it ties the device to its proxy", error);
	if (!is_name(id))
		return fail(option,
			    "the id must begin with a letter and hold only letters, digits, "
			    "'-', '.' and '_'",
			    error);
	return 0;
}

static bool is_called(const struct mpr_remote_option *drive, const char *name)
{
	const char *node = mpr_remote_option_get(drive, "node-name");
	const char *id = mpr_remote_option_get(drive, "id");

	return name && ((id && !strcmp(id, name)) || (node && !strcmp(node, name)));
}

/* Monitor commands find drives by id or node name alone, in all processes. */
static int check_node(const GPtrArray *options, size_t index, char **error)
{
	const struct mpr_remote_option *option = options->pdata[index];

	for (size_t i = 0; i < index && !is_device(option); i++) {
		const struct mpr_remote_option *other = options->pdata[i];

		if (!is_device(other) &&
		    (is_called(other, mpr_remote_option_get(option, "node-name")) ||
		     is_called(other, mpr_remote_option_get(option, "id"))))
			return fail(option,
				    "the node's name, or the id, is taken by another option",
				    error);
	}
	return 0;
}

static int check_id(const GPtrArray *options, size_t index, char **error)
{
	const struct mpr_remote_option *option = options->pdata[index];
	const char *id = mpr_remote_option_get(option, "id");

	if (!id)
		return is_device(option)
			       ? 0
			       : fail(option, "id= is missing: devices name the drive by it",
				      error);
	for (size_t i = 0; i < index; i++) {
		const struct mpr_remote_option *other = options->pdata[i];
		const char *taken = mpr_remote_option_get(other, "id");

		if (is_device(other) == is_device(option) && taken && !strcmp(id, taken))
			return fail(option, "the id is taken by another option", error);
	}
	return 0;
}

/* /dev/fdset/N names descriptors that QEMU was given (-add-fd); a remote does not have them. */
static int check_file(const struct mpr_remote_option *option, char **error)
{
	const char *file = mpr_remote_option_get(option, "file");

	if (is_device(option) || !file || !g_str_has_prefix(file, "/dev/fdset/"))
		return 0;
	return fail(option,
		    "sets of file descriptors are QEMU's: give the path of the image itself",
		    error);
}

int mpr_remote_option_check(const GPtrArray *options, size_t index, char **error)
{
	struct mpr_remote_option *option = options->pdata[index];
	int err = check_id(options, index, error);

	if (!err)
		err = check_node(options, index, error);
	if (!err)
		err = check_file(option, error);
	if (err || !is_adapter(options, option))
		return err;
	option->kind = MPR_REMOTE_ADAPTER;
	return check_adapter(option, error);
}

/* ---- What becomes of it ------------------------------------------------- */

struct mpr_opts *mpr_remote_option_told(const struct mpr_remote_option *option)
{
	struct mpr_opts *opts;

	if (option->kind != MPR_REMOTE_ADAPTER)
		return mpr_need(mpr_opts_copy(option->opts));
	opts = mpr_need(mpr_opts_build("-device", "driver", "driver",
				       mpr_remote_option_get(option, "driver"), "id",
				       mpr_remote_option_get(option, "id"), NULL));
	for (const char *const *own = option->own; own && *own; own++) {
		const char *value = mpr_remote_option_get(option, *own);

		if (value)
			mpr_need_ok(mpr_opts_set(opts, *own, value));
	}
	return opts;
}

struct mpr_opts *mpr_remote_option_object(const struct mpr_remote_option *adapter, const char *fd)
{
	const char *devid = mpr_remote_option_get(adapter, "id");
	g_autofree char *id = g_strdup_printf("mpring-%s", devid);

	return mpr_need(mpr_opts_build("-object", "qom-type", "qom-type", "x-remote-object", "id",
				       id, "devid", devid, "fd", fd, NULL));
}

struct mpr_opts *mpr_remote_option_proxy(const struct mpr_remote_option *adapter,
					 const char *socket)
{
	static const char *const ours[] = {"driver", "id", "cpu", "numa-node"};
	struct mpr_opts *rest = mpr_need(mpr_opts_copy(adapter->opts));
	struct mpr_opts *opts = mpr_need(
		mpr_opts_build("-device", "driver", "driver", "pci-proxy-dev", "id",
			       mpr_remote_option_get(adapter, "id"), "socket", socket, NULL));

	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
		mpr_opts_remove(rest, ours[i]);
	for (const char *const *own = adapter->own; own && *own; own++)
		mpr_opts_remove(rest, *own);
	mpr_need_ok(mpr_opts_set_all(opts, rest));
	mpr_opts_free(rest);
	return opts;
}

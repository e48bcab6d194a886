/* SPDX-License-Identifier: MIT */
#include "remote/monitor/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "remote/help.h"
#include "remote/monitor/json.h"

/* ---- The process -------------------------------------------------------- */

struct json_object *mpr_query_version(void)
{
	struct json_object *version = json_object_new_object();
	struct json_object *number = json_object_new_object();

	mpr_json_add_int(number, "micro", MPR_VERSION_MICRO);
	mpr_json_add_int(number, "minor", MPR_VERSION_MINOR);
	mpr_json_add_int(number, "major", MPR_VERSION_MAJOR);
	json_object_object_add(version, "qemu", number);
	mpr_json_add_string(version, "package", "mpring-remote " MPR_VERSION);
	return version;
}

static const char *status_of(const struct mpr_machine *machine)
{
	if (!machine->stopped)
		return "running";
	return machine->io_error ? "io-error" : "paused";
}

struct json_object *mpr_query_status(const struct mpr_machine *machine)
{
	struct json_object *status = json_object_new_object();

	mpr_json_add_string(status, "status", status_of(machine));
	mpr_json_add_bool(status, "singlestep", false);
	mpr_json_add_bool(status, "running", !machine->stopped);
	return status;
}

/* ---- Drives ------------------------------------------------------------- */

static struct json_object *cache_of(const struct mpr_drive *drive)
{
	struct json_object *cache = json_object_new_object();

	mpr_json_add_bool(cache, "writeback", mpr_blk_write_cache(drive->blk));
	mpr_json_add_bool(cache, "direct", mpr_cache_is_direct(drive->cache));
	mpr_json_add_bool(cache, "no-flush", drive->cache == MPR_CACHE_UNSAFE);
	return cache;
}

static struct json_object *image_of(const struct mpr_drive *drive)
{
	struct json_object *image = json_object_new_object();
	struct stat st;

	mpr_json_add_string(image, "filename", drive->file);
	mpr_json_add_string(image, "format", drive->format);
	mpr_json_add_int(image, "virtual-size", (int64_t)mpr_blk_size(drive->blk));
	if (stat(drive->file, &st) == 0)
		mpr_json_add_int(image, "actual-size", (int64_t)st.st_blocks * 512);
	mpr_json_add_bool(image, "dirty-flag", false);
	return image;
}

static struct json_object *node_of(const struct mpr_drive *drive)
{
	static const char *const limits[] = {"bps",  "bps_rd",	"bps_wr",
					     "iops", "iops_rd", "iops_wr"};
	struct json_object *node = json_object_new_object();

	mpr_json_add_string(node, "file", drive->file);
	mpr_json_add_string(node, "node-name", drive->node_name);
	mpr_json_add_bool(node, "ro", mpr_blk_read_only(drive->blk));
	mpr_json_add_string(node, "drv", drive->format);
	mpr_json_add_int(node, "backing_file_depth", 0);
	mpr_json_add_bool(node, "encrypted", false);
	mpr_json_add_string(node, "detect_zeroes", "off");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		mpr_json_add_int(node, limits[i], 0);
	json_object_object_add(node, "image", image_of(drive));
	json_object_object_add(node, "cache", cache_of(drive));
	mpr_json_add_int(node, "write_threshold", 0);
	return node;
}

static void add_names(struct json_object *object, const struct mpr_drive *drive)
{
	const char *disk = mpr_drive_disk_id(drive);

	mpr_json_add_string(object, "device", drive->id ? drive->id : "");
	if (disk)
		mpr_json_add_string(object, "qdev", disk);
}

/* Something else than ok while a request is held. */
static const char *io_status_of(const struct mpr_drive *drive)
{
	int err = -mpr_blk_stats(drive->blk)->last_error;

	if (!mpr_blk_held(drive->blk))
		return "ok";
	return err == ENOSPC || err == EDQUOT ? "nospace" : "failed";
}

static struct json_object *block_of(const struct mpr_drive *drive)
{
	struct json_object *block = json_object_new_object();

	add_names(block, drive);
	mpr_json_add_string(block, "type", "unknown");
	mpr_json_add_bool(block, "removable", false);
	mpr_json_add_bool(block, "locked", false);
	mpr_json_add_string(block, "io-status", io_status_of(drive));
	json_object_object_add(block, "inserted", node_of(drive));
	return block;
}

/* A node that nothing uses is not a device's. */
static bool is_device(const struct mpr_drive *drive)
{
	return drive->id || drive->disk;
}

struct json_object *mpr_query_block(const struct mpr_machine *machine)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < machine->drive_count; i++)
		if (is_device(machine->drives[i]))
			json_object_array_add(list, block_of(machine->drives[i]));
	return list;
}

struct json_object *mpr_query_nodes(const struct mpr_machine *machine)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < machine->drive_count; i++)
		json_object_array_add(list, node_of(machine->drives[i]));
	return list;
}

static struct json_object *stats_of(const struct mpr_drive *drive)
{
	const struct mpr_blk_stats *stats = mpr_blk_stats(drive->blk);
	struct json_object *object = json_object_new_object();

	mpr_json_add_int(object, "rd_bytes", (int64_t)stats->rd_bytes);
	mpr_json_add_int(object, "wr_bytes", (int64_t)stats->wr_bytes);
	mpr_json_add_int(object, "rd_operations", (int64_t)stats->rd_operations);
	mpr_json_add_int(object, "wr_operations", (int64_t)stats->wr_operations);
	mpr_json_add_int(object, "flush_operations", (int64_t)stats->flush_operations);
	mpr_json_add_int(object, "failed_rd_operations", (int64_t)stats->failed_rd_operations);
	mpr_json_add_int(object, "failed_wr_operations", (int64_t)stats->failed_wr_operations);
	mpr_json_add_int(object, "failed_flush_operations",
			 (int64_t)stats->failed_flush_operations);
	mpr_json_add_int(object, "bounced_requests", (int64_t)stats->bounced_requests);
	mpr_json_add_int(object, "bounced_bytes", (int64_t)stats->bounced_bytes);
	mpr_json_add_bool(object, "account_invalid", true);
	mpr_json_add_bool(object, "account_failed", true);
	json_object_object_add(object, "timed_stats", json_object_new_array());
	return object;
}

struct json_object *mpr_query_blockstats(const struct mpr_machine *machine)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < machine->drive_count; i++) {
		struct json_object *object = json_object_new_object();

		add_names(object, machine->drives[i]);
		mpr_json_add_string(object, "node-name", machine->drives[i]->node_name);
		json_object_object_add(object, "stats", stats_of(machine->drives[i]));
		json_object_array_add(list, object);
	}
	return list;
}

/* ---- Properties --------------------------------------------------------- */

static void add_property(struct json_object *list, const char *name, const char *type,
			 const char *description)
{
	struct json_object *property = json_object_new_object();

	mpr_json_add_string(property, "name", name);
	mpr_json_add_string(property, "type", type);
	if (description)
		mpr_json_add_string(property, "description", description);
	json_object_array_add(list, property);
}

static struct json_object *list_properties(const char *const *names)
{
	struct json_object *list = json_object_new_array();

	for (; *names; names++) {
		const struct mpr_property *property = mpr_property(*names);

		if (property && strcmp(*names, "driver"))
			add_property(list, *names, property->type, property->description);
	}
	return list;
}

struct json_object *mpr_query_properties(const struct mpr_machine *machine, const char *driver)
{
	const char *const *names = mpr_driver_properties(driver, machine->models);

	return names ? list_properties(names) : NULL;
}

/* ---- The tree of objects ------------------------------------------------ */

#define DEVICES "/machine/peripheral"
#define OBJECTS "/objects"

static struct json_object *list_children(const struct mpr_option_list *options, const char *key)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < options->count; i++) {
		const char *id = mpr_opts_get(options->opts[i], "id");
		char *type = mpr_errorf("child<%s>", mpr_opts_get(options->opts[i], key));

		if (id && type)
			add_property(list, id, type, NULL);
		free(type);
	}
	return list;
}

static struct json_object *list_container(const char *const *names)
{
	struct json_object *list = json_object_new_array();

	for (; *names; names++)
		add_property(list, *names, "child<container>", NULL);
	return list;
}

/* The option of "FOLDER/id", or NULL. */
static const struct mpr_opts *find_object(const struct mpr_option_list *list, const char *folder,
					  const char *path)
{
	size_t len = strlen(folder);

	if (strncmp(path, folder, len) || path[len] != '/')
		return NULL;
	return mpr_option_find(list, path + len + 1);
}

static struct json_object *list_object(const struct mpr_machine *machine, const char *path)
{
	const struct mpr_opts *opts = find_object(&machine->cmdline->devices, DEVICES, path);
	struct json_object *list;

	if (opts) {
		list = mpr_query_properties(machine, mpr_opts_get(opts, "driver"));
	} else {
		opts = find_object(&machine->cmdline->objects, OBJECTS, path);
		if (!opts)
			return NULL;
		list = json_object_new_array();
		add_property(list, "devid", "str", NULL);
		add_property(list, mpr_opts_get(opts, "fd") ? "fd" : "path", "str", NULL);
	}
	add_property(list, "type", "string", NULL);
	return list;
}

struct json_object *mpr_query_qom_list(const struct mpr_machine *machine, const char *path)
{
	static const char *const root[] = {"machine", "objects", NULL};
	static const char *const in_machine[] = {"peripheral", NULL};

	if (!strcmp(path, "/") || !strcmp(path, ""))
		return list_container(root);
	if (!strcmp(path, "/machine"))
		return list_container(in_machine);
	if (!strcmp(path, DEVICES))
		return list_children(&machine->cmdline->devices, "driver");
	if (!strcmp(path, OBJECTS))
		return list_children(&machine->cmdline->objects, "qom-type");
	return list_object(machine, path);
}

static bool is_number(const char *name)
{
	const struct mpr_property *property = mpr_property(name);

	return property && strcmp(property->type, "str");
}

static struct json_object *value_of(const char *name, const char *value)
{
	if (!is_number(name))
		return json_object_new_string(value ? value : "");
	return json_object_new_uint64(value ? strtoull(value, NULL, 0) : 0);
}

/* What the user left out and the machine has chosen. */
static struct json_object *chosen(const struct mpr_machine *machine, const struct mpr_opts *opts,
				  const char *name)
{
	for (size_t i = 0; i < machine->drive_count; i++) {
		if (machine->drives[i]->disk != opts)
			continue;
		if (!strcmp(name, "scsi-id"))
			return json_object_new_int64(machine->drives[i]->target);
		if (!strcmp(name, "lun"))
			return json_object_new_int64(machine->drives[i]->lun);
	}
	return NULL;
}

static bool has_property(const struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *member = NULL;

		json_object_object_get_ex(json_object_array_get_idx(list, i), "name", &member);
		if (!strcmp(json_object_get_string(member), name))
			return true;
	}
	return false;
}

struct json_object *mpr_query_qom_get(const struct mpr_machine *machine, const char *path,
				      const char *property)
{
	const struct mpr_opts *opts = find_object(&machine->cmdline->devices, DEVICES, path);
	const char *type = "driver";
	struct json_object *list = mpr_query_qom_list(machine, path);
	struct json_object *value = NULL;
	bool known = list && has_property(list, property);

	json_object_put(list);
	if (!opts) {
		opts = find_object(&machine->cmdline->objects, OBJECTS, path);
		type = "qom-type";
	}
	if (!known || !opts)
		return NULL;
	if (!strcmp(property, "type"))
		return json_object_new_string(mpr_opts_get(opts, type));
	value = chosen(machine, opts, property);
	return value ? value : value_of(property, mpr_opts_get(opts, property));
}

/* SPDX-License-Identifier: MIT */
#include "remote/monitor/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "monitor/json.h"
#include "remote/machine/help.h"
#include "remote/models/models.h"
#include "remote/storage/disks.h"
#include "remote/storage/drive_options.h"

/* ---- The process -------------------------------------------------------- */

struct json_object *mpr_query_version(void)
{
	struct json_object *version = json_object_new_object();
	struct json_object *number = json_object_new_object();

	mpr_json_put_int(number, "micro", MPR_VERSION_MICRO);
	mpr_json_put_int(number, "minor", MPR_VERSION_MINOR);
	mpr_json_put_int(number, "major", MPR_VERSION_MAJOR);
	json_object_object_add(version, "qemu", number);
	mpr_json_put(version, "package", "mpring-remote " MPR_VERSION);
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

	mpr_json_put(status, "status", status_of(machine));
	mpr_json_put_bool(status, "singlestep", false);
	mpr_json_put_bool(status, "running", !machine->stopped);
	return status;
}

/* ---- Drives ------------------------------------------------------------- */

static struct json_object *cache_of(const struct mpr_drive *drive)
{
	enum mpr_blk_cache mode = mpr_blk_cache_mode(drive->blk);
	struct json_object *cache = json_object_new_object();

	mpr_json_put_bool(cache, "writeback", mpr_blk_write_cache(drive->blk));
	mpr_json_put_bool(cache, "direct", mpr_cache_is_direct(mode));
	mpr_json_put_bool(cache, "no-flush", mode == MPR_CACHE_UNSAFE);
	return cache;
}

static struct json_object *image_of(const struct mpr_drive *drive)
{
	struct json_object *image = json_object_new_object();
	struct stat st;

	mpr_json_put(image, "filename", drive->file);
	mpr_json_put(image, "format", drive->format);
	mpr_json_put_int(image, "virtual-size", (int64_t)mpr_blk_size(drive->blk));
	if (stat(drive->file, &st) == 0)
		mpr_json_put_int(image, "actual-size", (int64_t)st.st_blocks * 512);
	mpr_json_put_bool(image, "dirty-flag", false);
	return image;
}

static struct json_object *node_of(const struct mpr_drive *drive)
{
	static const char *const limits[] = {"bps",  "bps_rd",	"bps_wr",
					     "iops", "iops_rd", "iops_wr"};
	struct json_object *node = json_object_new_object();

	mpr_json_put(node, "file", drive->file);
	mpr_json_put(node, "node-name", drive->node_name);
	mpr_json_put_bool(node, "ro", mpr_blk_read_only(drive->blk));
	mpr_json_put(node, "drv", drive->format);
	mpr_json_put_int(node, "backing_file_depth", 0);
	mpr_json_put_bool(node, "encrypted", false);
	mpr_json_put(node, "detect_zeroes", mpr_zeroes_names[mpr_blk_zeroes_mode(drive->blk)]);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		mpr_json_put_int(node, limits[i], 0);
	json_object_object_add(node, "image", image_of(drive));
	json_object_object_add(node, "cache", cache_of(drive));
	mpr_json_put_int(node, "write_threshold", 0);
	return node;
}

static void add_names(struct json_object *object, const struct mpr_drive *drive)
{
	const char *disk = mpr_drive_disk_id(drive);

	mpr_json_put(object, "device", drive->id ? drive->id : "");
	if (disk)
		mpr_json_put(object, "qdev", disk);
}

/* A value other than "ok" while a request is held (werror=stop). */
static const char *io_status_of(const struct mpr_drive *drive)
{
	int err = -mpr_blk_stats(drive->blk)->last_error;

	if (!mpr_blk_held(drive->blk))
		return "ok";
	return err == ENOSPC || err == EDQUOT ? "nospace" : "failed";
}

static struct json_object *block_of(const struct mpr_drive *drive)
{
	struct mpr_tray tray = mpr_disk_tray(drive);
	struct json_object *block = json_object_new_object();

	add_names(block, drive);
	mpr_json_put(block, "type", "unknown");
	mpr_json_put_bool(block, "removable", tray.removable);
	mpr_json_put_bool(block, "locked", tray.locked);
	if (tray.removable)
		mpr_json_put_bool(block, "tray_open", tray.open);
	mpr_json_put(block, "io-status", io_status_of(drive));
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

	for (size_t i = 0; i < machine->storage.count; i++)
		if (is_device(machine->storage.drives[i]))
			json_object_array_add(list, block_of(machine->storage.drives[i]));
	return list;
}

struct json_object *mpr_query_nodes(const struct mpr_machine *machine)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < machine->storage.count; i++)
		json_object_array_add(list, node_of(machine->storage.drives[i]));
	return list;
}

static struct json_object *stats_of(const struct mpr_drive *drive)
{
	const struct mpr_blk_stats *stats = mpr_blk_stats(drive->blk);
	struct json_object *object = json_object_new_object();

	mpr_json_put_int(object, "rd_bytes", (int64_t)stats->rd_bytes);
	mpr_json_put_int(object, "wr_bytes", (int64_t)stats->wr_bytes);
	mpr_json_put_int(object, "rd_operations", (int64_t)stats->rd_operations);
	mpr_json_put_int(object, "wr_operations", (int64_t)stats->wr_operations);
	mpr_json_put_int(object, "flush_operations", (int64_t)stats->flush_operations);
	mpr_json_put_int(object, "unmap_bytes", (int64_t)stats->discard_bytes);
	mpr_json_put_int(object, "unmap_operations", (int64_t)stats->discard_operations);
	mpr_json_put_int(object, "failed_unmap_operations",
			 (int64_t)stats->failed_discard_operations);
	mpr_json_put_int(object, "wr_highest_offset", (int64_t)stats->wr_highest_offset);
	/* Requests are never merged. */
	mpr_json_put_int(object, "rd_merged", 0);
	mpr_json_put_int(object, "wr_merged", 0);
	mpr_json_put_int(object, "unmap_merged", 0);
	mpr_json_put_int(object, "failed_rd_operations", (int64_t)stats->failed_rd_operations);
	mpr_json_put_int(object, "failed_wr_operations", (int64_t)stats->failed_wr_operations);
	mpr_json_put_int(object, "failed_flush_operations",
			 (int64_t)stats->failed_flush_operations);
	mpr_json_put_int(object, "bounced_requests", (int64_t)stats->bounced_requests);
	mpr_json_put_int(object, "bounced_bytes", (int64_t)stats->bounced_bytes);
	mpr_json_put_bool(object, "account_invalid", true);
	mpr_json_put_bool(object, "account_failed", true);
	json_object_object_add(object, "timed_stats", json_object_new_array());
	return object;
}

struct json_object *mpr_query_blockstats(const struct mpr_machine *machine, bool nodes)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < machine->storage.count; i++) {
		struct json_object *object;

		if (!nodes && !is_device(machine->storage.drives[i]))
			continue;
		object = json_object_new_object();
		if (!nodes)
			add_names(object, machine->storage.drives[i]);
		mpr_json_put(object, "node-name", machine->storage.drives[i]->node_name);
		json_object_object_add(object, "stats", stats_of(machine->storage.drives[i]));
		json_object_array_add(list, object);
	}
	return list;
}

/* ---- Properties --------------------------------------------------------- */

static bool is_number(const char *type)
{
	return !strncmp(type, "uint", 4) || !strncmp(type, "int", 3) || !strcmp(type, "size");
}

static struct json_object *value_of(const struct mpr_property *property, const char *value)
{
	const char *type = mpr_property_type_name(property);
	uint64_t size = 0;

	if (!strcmp(type, "bool"))
		return json_object_new_boolean(value && mpr_opts_is_on(value));
	if (!is_number(type))
		return json_object_new_string(value ? value : "");
	if (type[0] == 'i')
		return json_object_new_int64(value ? strtoll(value, NULL, 0) : 0);
	if (value && mpr_opts_parse_size(value, &size))
		return json_object_new_uint64(size);
	return json_object_new_uint64(value ? strtoull(value, NULL, 0) : 0);
}

static void add_member(struct json_object *list, const char *name, const char *type)
{
	struct json_object *member = json_object_new_object();

	mpr_json_put(member, "name", name);
	mpr_json_put(member, "type", type);
	json_object_array_add(list, member);
}

static void add_property(struct json_object *list, const struct mpr_property *property)
{
	struct json_object *member = json_object_new_object();

	mpr_json_put(member, "name", property->name);
	mpr_json_put(member, "type", mpr_property_type_name(property));
	mpr_json_put(member, "description", property->description);
	if (property->value)
		json_object_object_add(member, "default-value",
				       value_of(property, property->value));
	json_object_array_add(list, member);
}

struct json_object *mpr_query_properties(const struct mpr_machine *machine, const char *driver)
{
	const struct mpr_model *model = mpr_model_find(machine->cmdline->models.list, driver);
	struct json_object *list = model ? json_object_new_array() : NULL;
	const struct mpr_property *property;

	for (size_t i = 0; list && (property = mpr_model_property(model, i)); i++)
		add_property(list, property);
	return list;
}

/* ---- The tree of objects ------------------------------------------------ */

#define DEVICES "/machine/peripheral"
#define OBJECTS "/objects"

static const struct {
	const char *path, *type;
	const char *children[3]; /* containers and the machine, ended by NULL */
} containers[] = {
	{"/", "container", {"machine", "objects", NULL}},
	{"/machine", "x-remote-machine", {"peripheral", NULL}},
	{DEVICES, "container", {NULL}},
	{OBJECTS, "container", {NULL}},
};

#define CONTAINER_COUNT (sizeof(containers) / sizeof(containers[0]))

/* Its index, or CONTAINER_COUNT. */
static size_t find_container(const char *path)
{
	size_t i = 0;

	if (!*path)
		path = "/";
	while (i < CONTAINER_COUNT && strcmp(containers[i].path, path))
		i++;
	return i;
}

static void add_children(struct json_object *list, const struct mpr_option_list *options,
			 const char *key)
{
	for (size_t i = 0; i < options->count; i++) {
		const char *id = mpr_opts_get(options->opts[i], "id");
		char *type = mpr_errorf("child<%s>", mpr_opts_get(options->opts[i], key));

		if (id && type)
			add_member(list, id, type);
		free(type);
	}
}

static struct json_object *list_container(const struct mpr_machine *machine, size_t index)
{
	struct json_object *list = json_object_new_array();
	const char *path = containers[index].path;

	add_member(list, "type", "string");
	for (const char *const *child = containers[index].children; *child; child++)
		add_member(list, *child,
			   strcmp(*child, "machine") ? "child<container>"
						     : "child<x-remote-machine>");
	if (!strcmp(path, DEVICES))
		add_children(list, &machine->cmdline->devices, "driver");
	else if (!strcmp(path, OBJECTS))
		add_children(list, &machine->cmdline->objects, "qom-type");
	return list;
}

/* The option of "FOLDER/id", or of "id" alone; or NULL. */
static const struct mpr_opts *find_object(const struct mpr_option_list *list, const char *folder,
					  const char *path)
{
	size_t len = strlen(folder);

	if (*path != '/')
		return mpr_option_find(list, path);
	if (strncmp(path, folder, len) || path[len] != '/')
		return NULL;
	return mpr_option_find(list, path + len + 1);
}

static const struct mpr_opts *find_device(const struct mpr_machine *machine, const char *path)
{
	return find_object(&machine->cmdline->devices, DEVICES, path);
}

static const struct mpr_opts *find_remote_object(const struct mpr_machine *machine,
						 const char *path)
{
	return find_object(&machine->cmdline->objects, OBJECTS, path);
}

struct json_object *mpr_query_qom_list(const struct mpr_machine *machine, const char *path)
{
	size_t container = find_container(path);
	const struct mpr_opts *opts = find_device(machine, path);
	struct json_object *list;

	if (container < CONTAINER_COUNT)
		return list_container(machine, container);
	if (opts) {
		list = mpr_query_properties(machine, mpr_opts_get(opts, "driver"));
	} else {
		opts = find_remote_object(machine, path);
		if (!opts)
			return NULL;
		list = json_object_new_array();
		add_member(list, "devid", "str");
		add_member(list, mpr_opts_get(opts, "fd") ? "fd" : "path", "str");
	}
	add_member(list, "type", "string");
	return list;
}

/* The drive whose disk has that option, or NULL. */
static const struct mpr_drive *drive_of(const struct mpr_machine *machine,
					const struct mpr_opts *disk)
{
	for (size_t i = 0; i < machine->storage.count; i++)
		if (machine->storage.drives[i]->disk == disk)
			return machine->storage.drives[i];
	return NULL;
}

/* What the disk's model chose, or NULL. */
static struct json_object *chosen(const struct mpr_disk *disk, const struct mpr_property *property)
{
	const struct mpr_property *own = disk->ops->model.properties;
	union mpr_value value;

	for (unsigned i = 0; own[i].name; i++) {
		if (property != &own[i] || !disk->ops->get(disk, i, &value))
			continue;
		return property->type == MPR_PROPERTY_STRING ? json_object_new_string(value.text)
							     : json_object_new_uint64(value.number);
	}
	return NULL;
}

/* What the user left out: chosen by the model, or the default. */
static struct json_object *left_out(const struct mpr_machine *machine, const struct mpr_opts *opts,
				    const struct mpr_property *property)
{
	const struct mpr_drive *drive = drive_of(machine, opts);
	struct json_object *value = drive ? chosen(&drive->unit, property) : NULL;

	return value ? value : value_of(property, property->value);
}

static struct json_object *get_of_device(const struct mpr_machine *machine,
					 const struct mpr_opts *opts, const char *name)
{
	const char *driver = mpr_opts_get(opts, "driver");
	const struct mpr_model *model = mpr_model_find(machine->cmdline->models.list, driver);
	const struct mpr_property *property = mpr_model_property_named(model, name);
	const char *value = mpr_opts_get(opts, name);

	if (!strcmp(name, "type"))
		return json_object_new_string(driver);
	if (!property)
		return NULL;
	return value ? value_of(property, value) : left_out(machine, opts, property);
}

static struct json_object *get_of_object(const struct mpr_opts *opts, const char *name)
{
	const char *key = strcmp(name, "type") ? name : "qom-type";
	const char *value = mpr_opts_get(opts, key);

	return value && strcmp(name, "id") && strcmp(name, "qom-type")
		       ? json_object_new_string(value)
		       : NULL;
}

int mpr_query_qom_get(const struct mpr_machine *machine, const char *path, const char *property,
		      struct json_object **value)
{
	size_t container = find_container(path);
	const struct mpr_opts *device = find_device(machine, path);
	const struct mpr_opts *object = find_remote_object(machine, path);

	*value = NULL;
	if (device)
		*value = get_of_device(machine, device, property);
	else if (object)
		*value = get_of_object(object, property);
	else if (container == CONTAINER_COUNT)
		return -ENODEV;
	else if (!strcmp(property, "type"))
		*value = json_object_new_string(containers[container].type);
	return *value ? 0 : -ENOENT;
}

/* SPDX-License-Identifier: MIT */
#include "remote/monitor/qmp_commands.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/json.h"
#include "opts/json_opts.h"
#include "remote/machine/hotplug.h"
#include "remote/monitor/hmp_commands.h"
#include "remote/monitor/query.h"
#include "remote/process/log.h"
#include "ring/discard.h"

#define MAX_PARAMETERS 3

struct parameter {
	const char *name; /* NULL ends the list */
	enum json_type type;
	bool optional;
};

struct command {
	const char *name;
	void (*run)(struct mpr_qmp_call *call);
	bool options; /* its arguments are an option's properties */
	struct parameter parameters[MAX_PARAMETERS + 1];
};

/* `desc` is taken over. */
static void fail(struct mpr_qmp_call *call, const char *class, char *desc)
{
	free(call->desc);
	call->class = class;
	call->desc = desc;
}

/* Turns the result of a function of remote/machine/hotplug.h into the call's. */
static void conclude(struct mpr_qmp_call *call, int ret, char *error)
{
	if (ret == 0)
		return;
	fail(call, ret == -ENODEV ? MPR_QMP_NO_DEVICE : MPR_QMP_GENERIC,
	     error ? error : mpr_errorf("%s", strerror(-ret)));
}

/* The same for adding a drive, which is retried while the image is locked. */
static void conclude_drive(struct mpr_qmp_call *call, int ret, char *error)
{
	if (ret == -EBUSY && mpr_client_try_again(call->client))
		free(error);
	else
		conclude(call, ret, error);
}

/* ---- Arguments ---------------------------------------------------------- */

static struct json_object *argument(const struct mpr_qmp_call *call, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(call->arguments, name, &value);
	return value;
}

static const char *string(const struct mpr_qmp_call *call, const char *name)
{
	struct json_object *value = argument(call, name);

	return value ? json_object_get_string(value) : NULL;
}

static const struct parameter *find_parameter(const struct command *command, const char *name)
{
	for (const struct parameter *p = command->parameters; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

static char *check_given(const struct command *command, struct json_object *arguments)
{
	json_object_object_foreach(arguments, key, value)
	{
		const struct parameter *p = find_parameter(command, key);

		if (!p)
			return mpr_errorf("parameter '%s' is unexpected", key);
		if (!json_object_is_type(value, p->type))
			return mpr_errorf("parameter '%s' must be of type %s", key,
					  json_type_to_name(p->type));
	}
	return NULL;
}

/* NULL when the arguments are what the command takes, else what is wrong. */
static char *check_arguments(const struct command *command, struct json_object *arguments)
{
	char *wrong = arguments && !command->options ? check_given(command, arguments) : NULL;

	for (const struct parameter *p = command->parameters; p->name && !wrong; p++)
		if (!p->optional && !json_object_object_get_ex(arguments, p->name, NULL))
			wrong = mpr_errorf("parameter '%s' is missing", p->name);
	return wrong;
}

/* ---- Changes ------------------------------------------------------------ */

/* Calls a function of remote/machine/hotplug.h with the arguments as an option. */
static int add(struct mpr_qmp_call *call, const char *name,
	       int (*add_option)(struct mpr_machine *machine, struct mpr_opts *opts, char **error),
	       char **error)
{
	struct mpr_opts *opts = NULL;
	int ret = mpr_opts_from_json(name, call->arguments, NULL, &opts, error);

	if (ret == 0) {
		ret = add_option(call->machine, opts, error);
		if (ret < 0)
			mpr_opts_free(opts);
	}
	return ret;
}

static void device_add(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = add(call, "device_add", mpr_machine_add_device, &error);

	conclude(call, ret, error);
}

/* The object's fd= if it is a name given with getfd; NULL: it is a number, or absent. */
static const char *name_of_fd(const struct mpr_qmp_call *call)
{
	const char *fd = string(call, "fd");

	return fd && !isdigit((unsigned char)*fd) ? fd : NULL;
}

static int add_object(struct mpr_machine *machine, struct json_object *arguments, int passed,
		      char **error)
{
	struct mpr_opts *opts = NULL;
	int ret = mpr_opts_from_json("object-add", arguments, NULL, &opts, error);

	if (ret == 0)
		ret = mpr_machine_add_object(machine, opts, passed, error);
	if (ret < 0)
		mpr_opts_free(opts);
	return ret;
}

static void no_fd(struct mpr_qmp_call *call, const char *name)
{
	fail(call, MPR_QMP_GENERIC,
	     mpr_errorf("there is no file descriptor named '%s' (getfd makes one)", name));
}

static void object_add(struct mpr_qmp_call *call)
{
	struct mpr_passed_fds *fds = &call->client->fds;
	const char *name = name_of_fd(call);
	int passed = name ? mpr_passed_find(fds, name) : -1;
	char *error = NULL;
	int ret;

	if (name && passed < 0) {
		no_fd(call, name);
		return;
	}
	ret = add_object(call->machine, call->arguments, passed, &error);
	if (ret == 0 && name)
		(void)mpr_passed_take(fds, name);
	conclude(call, ret, error);
}

static void getfd(struct mpr_qmp_call *call)
{
	const char *name = string(call, "fdname");
	int fd = mpr_stream_take_fd(call->client->stream);
	int ret;

	if (fd < 0) {
		fail(call, MPR_QMP_GENERIC,
		     mpr_errorf("no file descriptor came with the command (SCM_RIGHTS)"));
		return;
	}
	ret = *name && !isdigit((unsigned char)*name) ? mpr_passed_add(&call->client->fds, name, fd)
						      : -EINVAL;
	if (ret == 0)
		return;
	mpr_discard(fd);
	fail(call, MPR_QMP_GENERIC,
	     ret == -EINVAL ? mpr_errorf("'fdname' must not begin with a digit: '%s'", name)
			    : mpr_errorf("'%s' cannot be kept: %s (closefd gives one up)", name,
					 strerror(-ret)));
}

static void closefd(struct mpr_qmp_call *call)
{
	const char *name = string(call, "fdname");

	if (mpr_passed_find(&call->client->fds, name) < 0)
		no_fd(call, name);
	else
		mpr_discard(mpr_passed_take(&call->client->fds, name));
}

static int add_node(struct mpr_machine *machine, struct mpr_opts *opts, char **error)
{
	return mpr_machine_add_drive(machine, opts, true, error);
}

static void blockdev_add(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = add(call, "blockdev-add", add_node, &error);

	conclude_drive(call, ret, error);
}

static int add_drive(struct mpr_machine *machine, struct mpr_opts *opts, char **error)
{
	return mpr_machine_add_drive(machine, opts, false, error);
}

/* QEMU has drive_add and drive_del in HMP only. */
static void drive_add(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = add(call, "x-drive-add", add_drive, &error);

	conclude_drive(call, ret, error);
}

static void drive_del(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = mpr_machine_remove_drive(call->machine, string(call, "id"), false, &error);

	call->settled = mpr_machine_settled;
	conclude(call, ret, error);
}

static void device_del(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = mpr_machine_remove_device(call->machine, string(call, "id"), &error);

	conclude(call, ret, error);
}

static void object_del(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = mpr_machine_remove_object(call->machine, string(call, "id"), &error);

	conclude(call, ret, error);
}

static void blockdev_del(struct mpr_qmp_call *call)
{
	char *error = NULL;
	int ret = mpr_machine_remove_drive(call->machine, string(call, "node-name"), true, &error);

	call->settled = mpr_machine_settled;
	/* QEMU answers GenericError for an unknown node, not DeviceNotFound. */
	conclude(call, ret == -ENODEV ? -ENOENT : ret, error);
}

static void block_resize(struct mpr_qmp_call *call)
{
	const char *device = string(call, "device");
	const char *node = string(call, "node-name");
	int64_t size = json_object_get_int64(argument(call, "size"));
	char *error = NULL;
	int ret;

	if (!device == !node || size <= 0) {
		fail(call, MPR_QMP_GENERIC,
		     mpr_errorf("give either 'device' or 'node-name', and a size above 0"));
		return;
	}
	ret = mpr_machine_resize_drive(call->machine, device ? device : node, (uint64_t)size,
				       &error);
	/* QEMU answers GenericError here, too. */
	conclude(call, ret == -ENODEV ? -ENOENT : ret, error);
}

/* ---- Running ------------------------------------------------------------ */

static void stop(struct mpr_qmp_call *call)
{
	mpr_machine_stop(call->machine, true);
	call->settled = mpr_machine_drained;
}

static void cont(struct mpr_qmp_call *call)
{
	mpr_machine_stop(call->machine, false);
}

static void quit(struct mpr_qmp_call *call)
{
	call->client->quit = true;
	call->machine->quit = true;
}

/* ---- Queries ------------------------------------------------------------ */

static void query_version(struct mpr_qmp_call *call)
{
	call->result = mpr_query_version();
}

static void query_status(struct mpr_qmp_call *call)
{
	call->result = mpr_query_status(call->machine);
}

static void query_block(struct mpr_qmp_call *call)
{
	call->result = mpr_query_block(call->machine);
}

static void query_blockstats(struct mpr_qmp_call *call)
{
	struct json_object *nodes = argument(call, "query-nodes");

	call->result = mpr_query_blockstats(call->machine, nodes && json_object_get_boolean(nodes));
}

static void query_nodes(struct mpr_qmp_call *call)
{
	call->result = mpr_query_nodes(call->machine);
}

static void list_properties(struct mpr_qmp_call *call)
{
	const char *driver = string(call, "typename");

	call->result = mpr_query_properties(call->machine, driver);
	if (!call->result)
		fail(call, MPR_QMP_NO_DEVICE, mpr_errorf("no driver '%s'", driver));
}

static void qom_list(struct mpr_qmp_call *call)
{
	const char *path = string(call, "path");

	call->result = mpr_query_qom_list(call->machine, path);
	if (!call->result)
		fail(call, MPR_QMP_NO_DEVICE, mpr_errorf("no object '%s'", path));
}

static void qom_get(struct mpr_qmp_call *call)
{
	const char *path = string(call, "path");
	const char *property = string(call, "property");

	int ret = mpr_query_qom_get(call->machine, path, property, &call->result);

	if (ret == -ENODEV)
		fail(call, MPR_QMP_NO_DEVICE, mpr_errorf("no object '%s'", path));
	else if (ret < 0)
		fail(call, MPR_QMP_GENERIC, mpr_errorf("no property '%s' of '%s'", property, path));
}

static void human_monitor_command(struct mpr_qmp_call *call)
{
	char *text = mpr_hmp_run(call->client, string(call, "command-line"), &call->settled);

	call->result = json_object_new_string(text ? text : "");
	free(text);
}

/* ---- The table ---------------------------------------------------------- */

static void query_commands(struct mpr_qmp_call *call);

#define STRING(name)                          \
	{                                     \
		name, json_type_string, false \
	}

static const struct command commands[] = {
	{"block_resize", block_resize,
	 .parameters = {{"device", json_type_string, true},
			{"node-name", json_type_string, true},
			{"size", json_type_int, false}}},
	{"blockdev-add", blockdev_add, .options = true, .parameters = {STRING("driver")}},
	{"blockdev-del", blockdev_del, .parameters = {STRING("node-name")}},
	{"closefd", closefd, .parameters = {STRING("fdname")}},
	{.name = "cont", .run = cont},
	{"device-list-properties", list_properties, .parameters = {STRING("typename")}},
	{"device_add", device_add, .options = true, .parameters = {STRING("driver")}},
	{"device_del", device_del, .parameters = {STRING("id")}},
	{"getfd", getfd, .parameters = {STRING("fdname")}},
	{"human-monitor-command", human_monitor_command,
	 .parameters = {STRING("command-line"), {"cpu-index", json_type_int, true}}},
	{"object-add", object_add, .options = true,
	 .parameters = {STRING("qom-type"), STRING("id")}},
	{"object-del", object_del, .parameters = {STRING("id")}},
	{"qom-get", qom_get, .parameters = {STRING("path"), STRING("property")}},
	{"qom-list", qom_list, .parameters = {STRING("path")}},
	{.name = "query-block", .run = query_block},
	{"query-blockstats", query_blockstats,
	 .parameters = {{"query-nodes", json_type_boolean, true}}},
	{.name = "query-commands", .run = query_commands},
	{"query-named-block-nodes", query_nodes, .parameters = {{"flat", json_type_boolean, true}}},
	{.name = "query-status", .run = query_status},
	{.name = "query-version", .run = query_version},
	{.name = "quit", .run = quit},
	{.name = "stop", .run = stop},
	{"x-drive-add", drive_add, .options = true},
	{"x-drive-del", drive_del, .parameters = {STRING("id")}},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void query_commands(struct mpr_qmp_call *call)
{
	call->result = json_object_new_array();
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		struct json_object *command = json_object_new_object();

		mpr_json_put(command, "name", commands[i].name);
		json_object_array_add(call->result, command);
	}
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

void mpr_qmp_execute(struct mpr_qmp_call *call, const char *name)
{
	const struct command *command = find_command(name);
	char *wrong;

	if (!call->client->again_until)
		mpr_log_item(MPR_LOG_MONITOR, "monitor", "%s %s", name,
			     call->arguments ? json_object_to_json_string(call->arguments) : "");
	if (!command) {
		fail(call, MPR_QMP_NO_COMMAND,
		     mpr_errorf("the command %s has not been found", name));
		return;
	}
	wrong = check_arguments(command, call->arguments);
	if (wrong)
		fail(call, MPR_QMP_GENERIC, wrong);
	else
		command->run(call);
}

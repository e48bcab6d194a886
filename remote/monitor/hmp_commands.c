/* SPDX-License-Identifier: MIT */
#include "remote/monitor/hmp_commands.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"
#include "remote/machine/hotplug.h"
#include "remote/monitor/info.h"
#include "remote/monitor/query.h"
#include "remote/process/log.h"

/* A line that is being executed. */
struct call {
	struct mpr_monitor_client *client;
	struct mpr_machine *machine;
	FILE *out;
	mpr_settled_fn *settled;
};

/* ---- Words -------------------------------------------------------------- */

static char *skip_blanks(char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* Takes the quotes and backslashes away, as far as the closing quote; returns what
 * follows that. */
static char *unquote(char *word)
{
	char *to = word, *from = word + 1;

	while (*from && *from != '"') {
		from += *from == '\\' && from[1];
		*to++ = *from++;
	}
	from += *from == '"';
	*to = '\0';
	return from;
}

/* Cuts the first word off, which may be quoted; *rest gets what follows it. */
static char *take_word(char *text, char **rest)
{
	char *word = skip_blanks(text);
	char *end = word;

	if (*word == '"') {
		*rest = skip_blanks(unquote(word));
		return word;
	}
	while (*end && !isspace((unsigned char)*end))
		end++;
	*rest = skip_blanks(end);
	*end = '\0';
	return word;
}

static void report(const struct call *call, int ret, char *error)
{
	if (ret < 0)
		fprintf(call->out, "Error: %s\n", error ? error : strerror(-ret));
	free(error);
}

/* ---- Changes ------------------------------------------------------------ */

static int add(const struct call *call, const char *command, const char *text, const char *implied,
	       int (*add_option)(struct mpr_machine *machine, struct mpr_opts *opts, char **error))
{
	struct mpr_opts *opts = NULL;
	char *error = NULL;
	int ret = mpr_opts_parse(command, text, implied, &opts, &error);

	if (ret == 0) {
		ret = add_option(call->machine, opts, &error);
		if (ret < 0)
			mpr_opts_free(opts);
	}
	if (ret == -EBUSY && mpr_client_try_again(call->client))
		free(error);
	else
		report(call, ret, error);
	return ret;
}

static void device_add(const struct call *call, char *arguments)
{
	(void)add(call, "device_add", arguments, "driver", mpr_machine_add_device);
}

static void device_del(const struct call *call, char *arguments)
{
	char *error = NULL, *rest;
	int ret = mpr_machine_remove_device(call->machine, take_word(arguments, &rest), &error);

	report(call, ret, error);
}

static int add_drive(struct mpr_machine *machine, struct mpr_opts *opts, char **error)
{
	return mpr_machine_add_drive(machine, opts, false, error);
}

/* "drive_add [-n] [SLOT] OPTIONS": the slot is ignored. */
static void drive_add(const struct call *call, char *arguments)
{
	char *rest;
	char *word = take_word(arguments, &rest);

	while (*rest && !strchr(word, '='))
		word = take_word(rest, &rest);
	if (add(call, "drive_add", word, NULL, add_drive) == 0)
		fputs("OK\n", call->out);
}

static void drive_del(const struct call *call, char *arguments)
{
	char *error = NULL, *rest;
	int ret =
		mpr_machine_remove_drive(call->machine, take_word(arguments, &rest), false, &error);

	if (ret == 0)
		*call->settled = mpr_machine_settled;
	report(call, ret, error);
}

/* A number of bytes: "10G"; without a suffix, MiB. */
static bool parse_size(const char *text, uint64_t *size)
{
	static const char suffixes[] = "bkmgtp";
	const char *suffix = strchr(suffixes, 'm');
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end)
		suffix = strchr(suffixes, tolower((unsigned char)*end));
	if (!isdigit((unsigned char)*text) || errno || !suffix || (*end && end[1]))
		return false;
	return !__builtin_mul_overflow(value, UINT64_C(1) << 10 * (suffix - suffixes), size);
}

static void block_resize(const struct call *call, char *arguments)
{
	char *error = NULL;
	uint64_t size;
	char *rest;
	char *name = take_word(arguments, &rest);
	int ret;

	if (!parse_size(rest, &size)) {
		fprintf(call->out, "Error: block_resize: \"%s\" is not a size\n", rest);
		return;
	}
	ret = mpr_machine_resize_drive(call->machine, name, size, &error);
	report(call, ret, error);
}

/* ---- Running ------------------------------------------------------------ */

static void stop(const struct call *call, char *arguments)
{
	(void)arguments;
	mpr_machine_stop(call->machine, true);
	*call->settled = mpr_machine_drained;
}

static void cont(const struct call *call, char *arguments)
{
	(void)arguments;
	mpr_machine_stop(call->machine, false);
}

static void quit(const struct call *call, char *arguments)
{
	(void)arguments;
	call->client->quit = true;
	call->machine->quit = true;
}

/* ---- Looking ------------------------------------------------------------ */

static void info(const struct call *call, char *arguments)
{
	if (!*arguments)
		mpr_info_help(call->out);
	else if (!mpr_info(call->machine, arguments, call->out))
		fprintf(call->out, "unknown command: 'info %s'\n", arguments);
}

static void qom_list(const struct call *call, char *arguments)
{
	const char *path = take_word(arguments, &arguments);
	struct json_object *list = mpr_query_qom_list(call->machine, path);

	if (!list) {
		report(call, -ENODEV, mpr_errorf("no object '%s'", path));
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);

		fprintf(call->out, "%s (%s)\n",
			json_object_get_string(json_object_object_get(entry, "name")),
			json_object_get_string(json_object_object_get(entry, "type")));
	}
	json_object_put(list);
}

static void qom_get(const struct call *call, char *arguments)
{
	struct json_object *value;
	char *property;
	const char *path = take_word(arguments, &property);
	int ret = mpr_query_qom_get(call->machine, path, property, &value);

	if (ret == -ENODEV)
		report(call, ret, mpr_errorf("no object '%s'", path));
	else if (ret < 0)
		report(call, ret, mpr_errorf("no property '%s' of '%s'", property, path));
	else
		fprintf(call->out, "%s\n", json_object_to_json_string(value));
	json_object_put(value);
}

static void help(const struct call *call, char *arguments);

static const struct command {
	const char *name, *alias;
	void (*run)(const struct call *call, char *arguments);
	bool needs_argument;
	const char *arguments, *help;
} commands[] = {
	{"block_resize", NULL, block_resize, true, "device size",
	 "change a drive's size; in MiB, or with a suffix from b to P"},
	{"cont", "c", cont, false, "", "let the devices work again"},
	{"device_add", NULL, device_add, true, "driver[,prop=value][,...]",
	 "add a device, as -device does"},
	{"device_del", NULL, device_del, true, "id",
	 "remove a device; a disk takes its drive along"},
	{"drive_add", NULL, drive_add, true, "[slot] id=name,file=path[,...]",
	 "add a drive, as -drive does"},
	{"drive_del", NULL, drive_del, true, "id", "remove a drive that no device uses"},
	{"help", "?", help, false, "[command]", "list the commands, or describe one"},
	{"info", NULL, info, false, "[what]", "look at something; alone: list what there is"},
	{"qom-get", NULL, qom_get, true, "path property", "show a property of an object"},
	{"qom-list", NULL, qom_list, true, "path", "list the properties of an object"},
	{"quit", "q", quit, false, "", "end the process in good order"},
	{"stop", "s", stop, false, "", "let the devices pause, and wait for their I/O"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, name) ||
		    (commands[i].alias && !strcmp(commands[i].alias, name)))
			return &commands[i];
	return NULL;
}

static void describe(const struct command *command, FILE *out)
{
	fprintf(out, "%s%s%s %s -- %s\n", command->name, command->alias ? "|" : "",
		command->alias ? command->alias : "", command->arguments, command->help);
}

static void help(const struct call *call, char *arguments)
{
	const struct command *one = find_command(arguments);

	if (*arguments && !strcmp(arguments, "info"))
		mpr_info_help(call->out);
	else if (one)
		describe(one, call->out);
	else if (*arguments)
		fprintf(call->out, "unknown command: '%s'\n", arguments);
	for (size_t i = 0; !*arguments && i < COMMAND_COUNT; i++)
		describe(&commands[i], call->out);
}

/* ---- A line ------------------------------------------------------------- */

static void trim_end(char *text)
{
	size_t len = strlen(text);

	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

static void execute(const struct call *call, char *line)
{
	char *arguments;
	const char *name = take_word(line, &arguments);
	const struct command *command = find_command(name);

	trim_end(arguments);
	if (!*name)
		return;
	if (!call->client->again_until)
		mpr_log_item(MPR_LOG_MONITOR, "monitor", "%s %s", name, arguments);
	if (!command)
		fprintf(call->out, "unknown command: '%s'\n", name);
	else if (command->needs_argument && !*arguments)
		fprintf(call->out, "%s: an argument is missing: %s %s\n", name, name,
			command->arguments);
	else
		command->run(call, arguments);
}

char *mpr_hmp_run(struct mpr_monitor_client *client, const char *line, mpr_settled_fn *settled)
{
	char *text = NULL;
	size_t size = 0;
	struct call call = {
		.client = client,
		.machine = client->machine,
		.out = open_memstream(&text, &size),
		.settled = settled,
	};
	char *copy = strdup(line);

	if (call.out && copy)
		execute(&call, copy);
	if (call.out)
		fclose(call.out);
	free(copy);
	return text;
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/own.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "opts/json_opts.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/commands/proc_list.h"
#include "orchestrator/hotplug/plug.h"
#include "orchestrator/hotplug/unplug.h"
#include "orchestrator/options/remote_option.h"

#define MAX_WORDS 5

/* Indices of the table. */
enum { RDEVICE_ADD, RDEVICE_DEL, RDRIVE_ADD, RDRIVE_DEL, REMOTE_PROC_LIST };

const struct mpr_own_command mpr_own_commands[] = {
	[RDEVICE_ADD] = {"rdevice_add", "x-rdevice-add",
			 "rid driver id [drive bus] | driver,id=id,rid=rid[,prop=value][,...]",
			 "add a device to a remote process; an adapter with a new rid starts one"},
	[RDEVICE_DEL] = {"rdevice_del", "x-rdevice-del", "[rid] id",
			 "remove a device from a remote process"},
	[RDRIVE_ADD] = {"rdrive_add", "x-rdrive-add",
			"rid id file=path[,prop=value][,...] | id=id,rid=rid,file=path[,...]",
			"add a drive to a remote process"},
	[RDRIVE_DEL] = {"rdrive_del", "x-rdrive-del", "[rid] id",
			"remove a drive from a remote process"},
	[REMOTE_PROC_LIST] = {"remote_proc_list", "x-remote-proc-list", "",
			      "list the remote processes, their drives and devices"},
	{NULL, NULL, NULL, NULL},
};

const struct mpr_own_command *mpr_own_of_line(const char *line, const char **words)
{
	const char *name = line + strspn(line, " \t");
	size_t len = strcspn(name, " \t");

	*words = name + len;
	for (const struct mpr_own_command *c = mpr_own_commands; c->hmp; c++)
		if (strlen(c->hmp) == len && !strncmp(c->hmp, name, len))
			return c;
	return NULL;
}

const struct mpr_own_command *mpr_own_find(const char *qmp)
{
	for (const struct mpr_own_command *c = mpr_own_commands; c->qmp; c++)
		if (!strcmp(c->qmp, qmp))
			return c;
	return NULL;
}

/* ---- Running ------------------------------------------------------------ */

/* A command that runs. */
struct call {
	struct mpr_vm *vm;
	const struct mpr_own_command *command;
	const char *name; /* the form that was used: hmp or qmp */
	mpr_outcome_fn done;
	void *opaque;
};

/* Or about a drive. */
static bool is_device(const struct call *call)
{
	return call->command < &mpr_own_commands[RDRIVE_ADD];
}

static void end(struct call *call, const struct mpr_outcome *outcome)
{
	call->done(call->opaque, outcome);
	free(call);
}

/* Takes over the error. */
static void fail(struct call *call, char *error)
{
	end(call, &(struct mpr_outcome){.error = error});
	free(error);
}

static void on_done(void *opaque, const char *error)
{
	end(opaque, &(struct mpr_outcome){.error = error});
}

/* Takes over the option. */
static void add(struct call *call, struct mpr_opts *opts)
{
	struct mpr_remote_option *option;
	char *error;

	if (mpr_remote_option_create(opts, is_device(call), &option, &error))
		fail(call, error);
	else
		mpr_vm_plug(call->vm, option, on_done, call);
}

static void unplug(struct call *call, const struct mpr_vm_name *name)
{
	if (is_device(call))
		mpr_vm_unplug_device(call->vm, name, on_done, call);
	else
		mpr_vm_unplug_drive(call->vm, name, on_done, call);
}

static void list(struct call *call)
{
	char *text = mpr_proc_list_text(call->vm);
	struct json_object *result = mpr_proc_list_json(call->vm);

	end(call, &(struct mpr_outcome){.result = result, .text = text});
	json_object_put(result);
	free(text);
}

/* ---- HMP ---------------------------------------------------------------- */

static void usage(struct call *call, const char *what)
{
	fail(call, mpr_need_text("%s: %s; usage: %s %s", call->name, what, call->command->hmp,
				 call->command->params));
}

/* Parses an option as it was typed. NULL: the call has failed. */
static struct mpr_opts *parse(struct call *call, const char *text, const char *implied)
{
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse(call->name, text, implied, &opts, &error) == 0)
		return opts;
	fail(call, error);
	return NULL;
}

/* An option without properties yet, quoted as the words that were typed. */
static struct mpr_opts *begin_option(const struct call *call, char *const *words)
{
	g_autofree char *rest = g_strjoinv(" ", (char **)words);
	g_autofree char *text = g_strdup_printf("%s %s", call->name, rest);

	return mpr_need(mpr_opts_new(text));
}

/* RID DRIVER ID [DRIVE BUS] */
static void hmp_device_add(struct call *call, char *const *words, int count)
{
	static const char *const keys[] = {"rid", "driver", "id", "drive", "bus"};
	struct mpr_opts *opts;

	if (count == 1) {
		opts = parse(call, words[0], "driver");
	} else {
		opts = begin_option(call, words);
		for (int i = 0; i < count; i++)
			mpr_need_ok(mpr_opts_set(opts, keys[i], words[i]));
	}
	if (opts)
		add(call, opts);
}

/* RID ID file=PATH[,...] */
static void hmp_drive_add(struct call *call, char *const *words, int count)
{
	struct mpr_opts *said = parse(call, words[count - 1], NULL), *opts = said;

	if (!said)
		return;
	if (count > 1) {
		opts = begin_option(call, words);
		mpr_need_ok(mpr_opts_set(opts, "rid", words[0]));
		mpr_need_ok(mpr_opts_set(opts, "id", words[1]));
		mpr_need_ok(mpr_opts_set_all(opts, said));
		mpr_opts_free(said);
	}
	add(call, opts);
}

/* [RID] ID */
static void hmp_delete(struct call *call, char *const *words, int count)
{
	struct mpr_vm_name name = {.id = words[count - 1]};
	uint64_t rid;

	if (count == 2) {
		if (!g_ascii_string_to_unsigned(words[0], 10, 0, UINT32_MAX, &rid, NULL)) {
			usage(call, "the rid is not a number");
			return;
		}
		name.rid = &rid;
	}
	unplug(call, &name);
}

static void hmp_list(struct call *call, char *const *words, int count)
{
	(void)words;
	(void)count;
	list(call);
}

/* ---- QMP ---------------------------------------------------------------- */

static bool is_simple(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ||
	       json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double) ||
	       json_object_is_type(value, json_type_boolean);
}

/* NULL, or what is wrong (free() it). */
static char *check_arguments(struct json_object *arguments)
{
	json_object_object_foreach(arguments, key, value)
	{
		if (!is_simple(value) || !mpr_opts_is_key(key))
			return mpr_need_text(
				"Parameter '%s' cannot be used: it must be a string, a "
				"number or a boolean",
				key);
	}
	return NULL;
}

int mpr_own_opts(const char *name, struct json_object *arguments, bool device,
		 struct mpr_opts **opts, char **error)
{
	*error = check_arguments(arguments);
	return *error ? -EINVAL
		      : mpr_opts_from_json(name, arguments, device ? "driver" : NULL, opts, error);
}

static void qmp_add(struct call *call, struct json_object *arguments)
{
	struct mpr_opts *opts;
	char *error;

	if (mpr_own_opts(call->name, arguments, is_device(call), &opts, &error) == 0)
		add(call, opts);
	else
		fail(call, error);
}

/* The arguments of a command that removes. NULL, or what is wrong with them (free() it). */
static char *get_name(struct json_object *arguments, struct mpr_vm_name *name, uint64_t *rid)
{
	json_object_object_foreach(arguments, key, value)
	{
		if (!strcmp(key, "id") && json_object_is_type(value, json_type_string)) {
			name->id = json_object_get_string(value);
		} else if (!strcmp(key, "rid") && json_object_is_type(value, json_type_int) &&
			   json_object_get_int64(value) >= 0) {
			*rid = json_object_get_uint64(value);
			name->rid = rid;
		} else {
			return mpr_need_text("Parameter '%s' is unexpected; there are id, a "
					     "string, and rid, a number",
					     key);
		}
	}
	return name->id ? NULL : mpr_need_text("Parameter 'id' is missing");
}

static void qmp_delete(struct call *call, struct json_object *arguments)
{
	struct mpr_vm_name name = {.id = NULL};
	uint64_t rid;
	char *error = get_name(arguments, &name, &rid);

	if (error)
		fail(call, error);
	else
		unplug(call, &name);
}

static void qmp_list(struct call *call, struct json_object *arguments)
{
	if (json_object_object_length(arguments))
		fail(call, mpr_need_text("%s takes no parameters", call->name));
	else
		list(call);
}

/* ---- Both --------------------------------------------------------------- */

#define WORDS(n) (1u << (n))

static const struct {
	unsigned counts; /* the numbers of words that are allowed */
	const char *otherwise;
	void (*run_words)(struct call *call, char *const *words, int count);
	void (*run_arguments)(struct call *call, struct json_object *arguments);
} forms[] = {
	[RDEVICE_ADD] = {WORDS(1) | WORDS(3) | WORDS(5), "there must be 1, 3 or 5 arguments",
			 hmp_device_add, qmp_add},
	[RDEVICE_DEL] = {WORDS(1) | WORDS(2), "there must be 1 or 2 arguments", hmp_delete,
			 qmp_delete},
	[RDRIVE_ADD] = {WORDS(1) | WORDS(3), "there must be 1 or 3 arguments", hmp_drive_add,
			qmp_add},
	[RDRIVE_DEL] = {WORDS(1) | WORDS(2), "there must be 1 or 2 arguments", hmp_delete,
			qmp_delete},
	[REMOTE_PROC_LIST] = {WORDS(0), "there must be no arguments", hmp_list, qmp_list},
};

static void run_words(struct call *call, char *const *words, int count)
{
	ptrdiff_t which = call->command - mpr_own_commands;

	if (count <= MAX_WORDS && forms[which].counts & WORDS(count))
		forms[which].run_words(call, words, count);
	else
		usage(call, forms[which].otherwise);
}

static struct call *begin(struct mpr_vm *vm, const struct mpr_own_command *command,
			  const char *name, mpr_outcome_fn done, void *opaque)
{
	struct call *call = mpr_need_array(1, sizeof(*call));

	*call = (struct call){vm, command, name, done, opaque};
	return call;
}

void mpr_own_run_hmp(struct mpr_vm *vm, const struct mpr_own_command *command, const char *line,
		     mpr_outcome_fn done, void *opaque)
{
	struct call *call = begin(vm, command, command->hmp, done, opaque);
	GError *error = NULL;
	char **words = NULL;
	int count = 0;

	/* Words with blanks are quoted as in a shell. */
	if (g_shell_parse_argv(line, &count, &words, &error) ||
	    g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
		run_words(call, words, count);
	else
		usage(call, "a quote is not closed");
	g_clear_error(&error);
	g_strfreev(words);
}

void mpr_own_run_qmp(struct mpr_vm *vm, const struct mpr_own_command *command,
		     struct json_object *arguments, mpr_outcome_fn done, void *opaque)
{
	struct call *call = begin(vm, command, command->qmp, done, opaque);
	struct json_object *given =
		arguments ? json_object_get(arguments) : json_object_new_object();

	if (json_object_is_type(given, json_type_object))
		forms[command - mpr_own_commands].run_arguments(call, given);
	else
		fail(call, mpr_need_text("%s: its arguments must be an object", command->qmp));
	json_object_put(given);
}

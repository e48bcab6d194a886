/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/routing.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/json.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/printable.h"
#include "orchestrator/commands/merge.h"
#include "orchestrator/commands/own.h"
#include "orchestrator/commands/routes.h"
#include "orchestrator/commands/way.h"
#include "orchestrator/hotplug/plug.h"
#include "orchestrator/hotplug/unplug.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/remote.h"
#include "orchestrator/vm/vm.h"

#define HMP "human-monitor-command"

bool mpr_routing_has_qmp(struct mpr_vm *vm, const char *name, struct json_object *arguments)
{
	struct mpr_way way;

	return mpr_way_find(vm, mpr_route_find(mpr_routes_qmp, name), arguments, &way);
}

bool mpr_routing_has_hmp(struct mpr_vm *vm, const char *line)
{
	struct json_object *arguments;
	const struct mpr_route *route = mpr_way_of_line(line, &arguments);
	struct mpr_way way;
	bool routed = mpr_way_find(vm, route, arguments, &way);

	json_object_put(arguments);
	return routed;
}

/* ---- Running ------------------------------------------------------------ */

/* One who is asked: QEMU or a remote; and the answer. */
struct part {
	struct mpr_vm *vm;
	struct call *call; /* NULL: the user was answered without this part */
	uint64_t rid;	   /* of a remote */
	bool qemu;
	bool answered;
	struct json_object *reply; /* NULL: none yet, or the connection is lost */
};

struct call {
	struct mpr_vm *vm;
	const struct mpr_route *route;
	struct json_object *arguments;
	char *line; /* HMP's; NULL: QMP */
	char *name; /* what it names, in the process of `rid`; NULL: it is about all */
	uint64_t rid;
	GPtrArray *parts; /* when all are asked, QEMU is the first */
	guint pending;
	guint timeout; /* source; 0: it has expired, or one alone is asked */
	mpr_outcome_fn done;
	void *opaque;
};

static void free_part(struct part *part)
{
	json_object_put(part->reply);
	g_free(part);
}

/* A part that is still unanswered is freed by its answer. */
static void leave_part(void *opaque)
{
	struct part *part = opaque;

	part->call = NULL;
	if (part->answered)
		free_part(part);
}

static void end(struct call *call, const struct mpr_outcome *outcome)
{
	call->done(call->opaque, outcome);
	if (call->timeout)
		g_source_remove(call->timeout);
	json_object_put(call->arguments);
	g_ptr_array_unref(call->parts);
	g_free(call->line);
	g_free(call->name);
	g_free(call);
}

/* Takes over the error. */
static void fail(struct call *call, char *error)
{
	end(call, &(struct mpr_outcome){.error = error});
	free(error);
}

/* ---- One remote's ------------------------------------------------------- */

static void refuse(struct call *call, const char *lack)
{
	const char *why = call->route->why;

	fail(call, mpr_need_text("%s: \"%s\" is in the remote process of rid %llu%s%s%s",
				 call->route->name, call->name, (unsigned long long)call->rid, lack,
				 why ? ": " : "", why ? why : ""));
}

static const char *class_of(struct json_object *reply)
{
	return mpr_json_get_string(mpr_json_get(reply, "error"), "class");
}

static bool has_class(struct json_object *reply, const char *class)
{
	const char *given = class_of(reply);

	return given && !strcmp(given, class);
}

/* Whether the remote has no such command. */
static bool is_unknown(const struct call *call, struct json_object *reply)
{
	const char *text = mpr_json_get_string(reply, "return");

	if (call->line)
		return text && g_str_has_prefix(text, "unknown command: ");
	return has_class(reply, "CommandNotFound");
}

static void give_error(struct call *call, struct json_object *reply)
{
	char *error = mpr_printable(mpr_qmp_error(reply));

	end(call, &(struct mpr_outcome){
			  .error = error,
			  .class = has_class(reply, "DeviceNotFound") ? "DeviceNotFound" : NULL});
	free(error);
}

static void give_result(struct call *call, struct json_object *reply)
{
	struct json_object *result = mpr_json_get(reply, "return");
	const char *said = mpr_json_string(result);
	char *text = said ? mpr_printable_lines(said) : NULL;

	end(call, &(struct mpr_outcome){.result = result, .text = text});
	free(text);
}

static void end_one(struct call *call, struct json_object *reply)
{
	if (!reply)
		fail(call, mpr_need_text("the remote process of rid %llu has ended",
					 (unsigned long long)call->rid));
	else if (is_unknown(call, reply))
		refuse(call, ", which has no such command");
	else if (mpr_qmp_error(reply))
		give_error(call, reply);
	else
		give_result(call, reply);
}

/* ---- All ---------------------------------------------------------------- */

static struct json_object *reply_of(const struct call *call, guint i)
{
	return ((const struct part *)call->parts->pdata[i])->reply;
}

/* QEMU's answer, unchanged. */
static void give_qemus(struct call *call)
{
	struct json_object *reply = reply_of(call, 0), *result = mpr_json_get(reply, "return");
	const char *error = mpr_qmp_error(reply);

	if (error)
		end(call, &(struct mpr_outcome){.error = error, .class = class_of(reply)});
	else
		end(call, &(struct mpr_outcome){.result = result, .text = mpr_json_string(result)});
}

/* The first answer that is no error; if there is none, QEMU's error. */
static void end_either(struct call *call)
{
	guint i = 0;

	while (i < call->parts->len && mpr_qmp_error(reply_of(call, i)))
		i++;
	if (i == 0 || i == call->parts->len)
		give_qemus(call);
	else
		give_result(call, reply_of(call, i));
}

/* The remote of a part, if it has answered and is still there. */
static struct mpr_vm_remote *remote_of(const struct call *call, guint i)
{
	const struct part *part = call->parts->pdata[i];

	return part->answered ? mpr_vm_find_remote(call->vm, part->rid) : NULL;
}

static void end_lists(struct call *call, struct json_object *list)
{
	for (guint i = 1; i < call->parts->len; i++)
		if (remote_of(call, i))
			mpr_merge_list(list, call->vm, remote_of(call, i), call->route->name,
				       mpr_json_get(reply_of(call, i), "return"));
	end(call, &(struct mpr_outcome){.result = list});
}

static void end_texts(struct call *call, const char *qemus)
{
	GString *text = g_string_new(qemus);

	for (guint i = 1; i < call->parts->len; i++) {
		const char *more = mpr_json_get_string(reply_of(call, i), "return");

		if (more && remote_of(call, i) && !is_unknown(call, reply_of(call, i)))
			mpr_merge_text(text, remote_of(call, i), call->route->name, more);
	}
	end(call, &(struct mpr_outcome){.text = text->str});
	g_string_free(text, TRUE);
}

static void end_all(struct call *call)
{
	struct json_object *qemus = mpr_json_get(reply_of(call, 0), "return");

	if (call->route->how == MPR_ROUTE_EITHER)
		end_either(call);
	else if (call->line && mpr_json_string(qemus))
		end_texts(call, mpr_json_string(qemus));
	else if (!call->line && json_object_is_type(qemus, json_type_array))
		end_lists(call, qemus);
	else
		give_qemus(call);
}

/* ---- Asking ------------------------------------------------------------- */

static void note_answer(const struct part *part)
{
	struct mpr_vm_remote *remote = mpr_vm_find_remote(part->vm, part->rid);

	if (remote && !part->qemu)
		mpr_vm_remote_set_silent(remote, false);
}

static void end_if_answered(struct call *call)
{
	const struct part *first = call->parts->pdata[0];

	if (!first->answered || (call->pending && call->timeout))
		return;
	if (call->name)
		end_one(call, first->reply);
	else
		end_all(call);
}

static void answered(void *opaque, struct json_object *reply)
{
	struct part *part = opaque;

	part->answered = true;
	note_answer(part);
	if (!part->call) {
		free_part(part);
		return;
	}
	part->reply = json_object_get(reply);
	part->call->pending--;
	end_if_answered(part->call);
}

static void ask(struct call *call, struct mpr_qmp *qmp, uint64_t rid)
{
	struct part *part = g_new0(struct part, 1);
	struct json_object *line;

	part->vm = call->vm;
	part->call = call;
	part->rid = rid;
	part->qemu = qmp == mpr_vm_qemu(call->vm);
	g_ptr_array_add(call->parts, part);
	call->pending++;
	if (!call->line) {
		mpr_qmp_execute(qmp, call->route->name, json_object_get(call->arguments), -1,
				answered, part);
		return;
	}
	line = json_object_new_object();
	json_object_object_add(line, "command-line", json_object_new_string(call->line));
	mpr_qmp_execute(qmp, HMP, line, -1, answered, part);
}

/* A remote that hangs must not delay answers about all. It is left out of them until it has
 * answered this command. */
static void give_up(const struct part *part)
{
	struct mpr_vm_remote *remote = mpr_vm_find_remote(part->vm, part->rid);

	if (remote && !part->answered && !part->qemu)
		mpr_vm_remote_set_silent(remote, true);
}

static gboolean on_timeout(void *opaque)
{
	struct call *call = opaque;

	call->timeout = 0;
	for (guint i = 0; i < call->parts->len; i++)
		give_up(call->parts->pdata[i]);
	end_if_answered(call);
	return G_SOURCE_REMOVE;
}

static void ask_all(struct call *call, unsigned patience_ms)
{
	const GPtrArray *remotes = mpr_vm_remotes(call->vm);

	call->timeout = g_timeout_add(patience_ms, on_timeout, call);
	ask(call, mpr_vm_qemu(call->vm), 0);
	for (guint i = 0; i < remotes->len; i++) {
		const struct mpr_vm_remote *remote = remotes->pdata[i];
		uint64_t rid = mpr_vm_remote_rid(remote);

		if (mpr_vm_find_remote(call->vm, rid) == remote && !mpr_vm_remote_is_silent(remote))
			ask(call, mpr_vm_remote_qmp(remote), rid);
	}
}

/* ---- As mpring's own ---------------------------------------------------- */

static void on_done(void *opaque, const char *error)
{
	end(opaque, &(struct mpr_outcome){.error = error});
}

/* device_add with a remote's drive or bus, `named`. */
static void add_device(struct call *call, const struct mpr_remote_option *named)
{
	g_autofree char *rid = g_strdup_printf("%llu", (unsigned long long)named->rid);
	struct mpr_remote_option *option;
	struct mpr_opts *opts;
	char *error;
	int err;

	if (named->kind == MPR_REMOTE_DEVICE) { /* the id of the new device is taken */
		refuse(call, "");
		return;
	}
	err = mpr_own_opts(call->route->name, call->arguments, true, &opts, &error);
	if (!err) {
		mpr_need_ok(mpr_opts_set(opts, "rid", rid));
		err = mpr_remote_option_create(opts, true, &option, &error);
	}
	if (err)
		fail(call, error);
	else
		mpr_vm_plug(call->vm, option, on_done, call);
}

static void run_one(struct call *call, const struct mpr_way *way)
{
	const struct mpr_vm_name name = {
		.id = mpr_remote_option_get(way->named.option, "id"),
	};

	switch (call->route->how) {
	case MPR_ROUTE_DEVICE_ADD:
		add_device(call, way->named.option);
		break;
	case MPR_ROUTE_DEVICE_DEL:
		mpr_vm_unplug_device(call->vm, &name, on_done, call);
		break;
	case MPR_ROUTE_DRIVE_DEL:
		mpr_vm_unplug_drive(call->vm, &name, on_done, call);
		break;
	case MPR_ROUTE_REFUSED:
		refuse(call, "");
		break;
	default:
		ask(call, mpr_vm_remote_qmp(way->remote), call->rid);
	}
}

/* Takes over the arguments. */
static void run(const struct mpr_commands *commands, const struct mpr_route *route,
		struct json_object *arguments, const char *line, mpr_outcome_fn done, void *opaque)
{
	struct call *call = g_new0(struct call, 1);
	struct mpr_way way;

	call->vm = commands->vm;
	call->route = route;
	call->arguments = arguments;
	call->line = g_strdup(line);
	call->parts = g_ptr_array_new_with_free_func(leave_part);
	call->done = done;
	call->opaque = opaque;
	if (!mpr_way_find(commands->vm, route, arguments, &way)) {
		end(call, &(struct mpr_outcome){.qemus = true});
	} else if (way.all) {
		ask_all(call, commands->patience_ms);
	} else {
		call->name = g_strdup(way.named.name);
		call->rid = way.named.option->rid;
		run_one(call, &way);
	}
}

void mpr_routing_run_qmp(const struct mpr_commands *commands, const char *name,
			 struct json_object *arguments, mpr_outcome_fn done, void *opaque)
{
	run(commands, mpr_route_find(mpr_routes_qmp, name), json_object_get(arguments), NULL, done,
	    opaque);
}

void mpr_routing_run_hmp(const struct mpr_commands *commands, const char *line, mpr_outcome_fn done,
			 void *opaque)
{
	struct json_object *arguments;
	const struct mpr_route *route = mpr_way_of_line(line, &arguments);

	run(commands, route, arguments, line, done, opaque);
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/change.h"

#include <stdlib.h>
#include <unistd.h>

#include "opts/json_opts.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/printable.h"
#include "orchestrator/base/say.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/leave.h"

/* Answers the monitor, though the remote does not or its I/O does not end. */
static gboolean on_timeout(void *opaque)
{
	struct mpr_change *change = opaque;
	char *error = mpr_need_text("the remote process of rid %llu has not done this after %u "
				    "seconds; it goes on",
				    (unsigned long long)change->remote->rid,
				    change->vm->change_ms / 1000);

	change->timeout = 0;
	if (change->done)
		change->done(change->opaque, error);
	change->done = NULL;
	free(error);
	return G_SOURCE_REMOVE;
}

struct mpr_change *mpr_change_begin(struct mpr_vm *vm, struct mpr_vm_remote *remote,
				    struct mpr_remote_option *option, mpr_vm_changed_fn done,
				    void *opaque)
{
	struct mpr_change *change = mpr_need_array(1, sizeof(*change));

	*change = (struct mpr_change){
		.vm = vm,
		.remote = g_rc_box_acquire(remote),
		.option = mpr_remote_option_ref(option),
		.done = done,
		.opaque = opaque,
		.fds = {-1, -1},
	};
	change->timeout = g_timeout_add(vm->change_ms, on_timeout, change);
	return change;
}

static void close_end(struct mpr_change *change, int end)
{
	if (change->fds[end] >= 0)
		close(change->fds[end]);
	change->fds[end] = -1;
}

void mpr_change_conclude(struct mpr_change *change)
{
	if (change->timeout)
		g_source_remove(change->timeout);
	if (change->done)
		change->done(change->opaque, change->error);
	else if (change->error && change->remote->qmp)
		mpr_say("%s", change->error);
	close_end(change, MPR_QEMU_END);
	close_end(change, MPR_REMOTE_END);
	mpr_remote_option_unref(change->option);
	g_rc_box_release(change->remote);
	free(change->socket);
	free(change->error);
	free(change);
}

bool mpr_change_went_well(struct mpr_change *change, struct json_object *reply, bool qemu)
{
	const char *why = mpr_qmp_error(reply);

	if (why && !change->error && !reply && !qemu)
		change->error = mpr_need_text("the remote process of rid %llu has ended",
					      (unsigned long long)change->remote->rid);
	else if (why && !change->error)
		change->error = mpr_printable(reply ? why : "QEMU has ended");
	return !why;
}

/* `qmp` NULL: the connection is lost. */
static void ask(struct mpr_change *change, struct mpr_qmp *qmp, const char *command,
		struct json_object *arguments, int fd, mpr_qmp_reply_fn reply)
{
	if (qmp) {
		mpr_qmp_execute(qmp, command, arguments, fd, reply, change);
		return;
	}
	json_object_put(arguments);
	if (reply)
		reply(change, NULL);
}

void mpr_change_ask_remote(struct mpr_change *change, const char *command,
			   struct json_object *arguments, int fd, mpr_qmp_reply_fn reply)
{
	ask(change, change->remote->qmp, command, arguments, fd, reply);
}

void mpr_change_ask_qemu(struct mpr_change *change, const char *command,
			 struct json_object *arguments, int fd, mpr_qmp_reply_fn reply)
{
	ask(change, change->vm->qemu_lost ? NULL : change->vm->qemu, command, arguments, fd, reply);
}

const char *mpr_change_id(const struct mpr_change *change)
{
	return mpr_remote_option_get(change->option, "id");
}

struct json_object *mpr_change_arguments(struct mpr_opts *opts)
{
	struct json_object *arguments = mpr_need(mpr_opts_to_json(opts));

	mpr_opts_free(opts);
	return arguments;
}

void mpr_change_give_up(struct mpr_change *change)
{
	g_ptr_array_remove(change->vm->options, change->option);
	/* The process was started for this change, or has lost its last adapter meanwhile. */
	if (!mpr_remote_option_first_adapter(change->vm->options, change->remote->rid))
		mpr_vm_end_remote(change->remote);
	mpr_change_conclude(change);
}

void mpr_change_settle(struct mpr_change *change)
{
	change->option->state = MPR_REMOTE_HERE;
	mpr_change_conclude(change);
}

/* ---- Those that are refused ---------------------------------------------- */

static char *list_rids(const struct mpr_vm *vm)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < vm->remotes->len; i++) {
		const struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);

		if (remote == mpr_vm_find_remote(vm, remote->rid))
			g_string_append_printf(text, "%s%llu", text->len ? ", " : "there is: ",
					       (unsigned long long)remote->rid);
	}
	return g_string_free(text->len ? text : g_string_append(text, "there is none"), FALSE);
}

char *mpr_vm_no_remote(const struct mpr_vm *vm, uint64_t rid)
{
	char *rids = list_rids(vm);
	char *error =
		mpr_need_text("there is no remote process of rid %llu (%s); an adapter with a "
			      "new rid starts one: rdevice_add lsi53c895a,id=ID,rid=%llu",
			      (unsigned long long)rid, rids, (unsigned long long)rid);

	g_free(rids);
	return error;
}

void mpr_vm_refuse(char *error, mpr_vm_changed_fn done, void *opaque)
{
	done(opaque, error);
	free(error);
}

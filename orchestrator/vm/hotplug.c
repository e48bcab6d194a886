/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/hotplug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/base/printable.h"
#include "orchestrator/base/say.h"
#include "orchestrator/plan/args.h"
#include "orchestrator/plan/boot_order.h"
#include "orchestrator/plan/globals.h"
#include "orchestrator/plan/process.h"
#include "orchestrator/vm/vm_state.h"

enum { QEMU_END, REMOTE_END, ENDS };

/* A change that is under way. */
struct change {
	struct mpr_vm *vm;
	struct mpr_vm_remote *remote;
	struct mpr_remote_option *option;
	mpr_hotplug_fn done; /* NULL: nobody asked for it, or he waits no longer */
	void *opaque;
	char *error;
	size_t step;   /* of adding an adapter */
	char *socket;  /* what the adapter's socket is called on its way */
	int fds[ENDS]; /* its ends, -1 once they are on their way */
	bool answered; /* of removing: the remote has said yes */
	bool deleted;  /* and the device is gone */
	guint timeout; /* source: until then it is waited for; 0: not any more */
};

/* ---- Life of a change --------------------------------------------------- */

/* A remote that does not answer, or whose I/O does not end, keeps nobody's monitor. */
static gboolean on_timeout(void *opaque)
{
	struct change *change = opaque;
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

static struct change *begin(struct mpr_vm *vm, struct mpr_vm_remote *remote,
			    struct mpr_remote_option *option, mpr_hotplug_fn done, void *opaque)
{
	struct change *change = mpr_need_array(1, sizeof(*change));

	*change = (struct change){
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

static void close_end(struct change *change, int end)
{
	if (change->fds[end] >= 0)
		close(change->fds[end]);
	change->fds[end] = -1;
}

static void conclude(struct change *change)
{
	if (change->timeout)
		g_source_remove(change->timeout);
	if (change->done)
		change->done(change->opaque, change->error);
	else if (change->error && change->remote->qmp)
		mpr_say("%s", change->error);
	close_end(change, QEMU_END);
	close_end(change, REMOTE_END);
	mpr_remote_option_unref(change->option);
	g_rc_box_release(change->remote);
	free(change->socket);
	free(change->error);
	free(change);
}

/* Keeps the first thing that went wrong. True when the reply is one of success. */
static bool went_well(struct change *change, struct json_object *reply, bool qemu)
{
	const char *why = mpr_qmp_error(reply);

	if (why && !change->error && !reply && !qemu)
		change->error = mpr_need_text("the remote process of rid %llu has ended",
					      (unsigned long long)change->remote->rid);
	else if (why && !change->error)
		change->error = mpr_printable(reply ? why : "QEMU has ended");
	return !why;
}

/* Asks the remote; one that is lost is taken as having answered that. */
static void ask_remote(struct change *change, const char *command, struct json_object *arguments,
		       int fd, mpr_qmp_reply_fn reply)
{
	if (change->remote->qmp) {
		mpr_qmp_execute(change->remote->qmp, command, arguments, fd, reply, change);
		return;
	}
	json_object_put(arguments);
	if (reply)
		reply(change, NULL);
}

static void ask_qemu(struct change *change, const char *command, struct json_object *arguments,
		     int fd, mpr_qmp_reply_fn reply)
{
	if (!change->vm->qemu_lost) {
		mpr_qmp_execute(change->vm->qemu, command, arguments, fd, reply, change);
		return;
	}
	json_object_put(arguments);
	if (reply)
		reply(change, NULL);
}

/* ---- Arguments ---------------------------------------------------------- */

static void put(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static struct json_object *one(const char *key, const char *value)
{
	struct json_object *object = json_object_new_object();

	put(object, key, value);
	return object;
}

static const char *id_of(const struct change *change)
{
	return mpr_remote_option_get(change->option, "id");
}

static void put_all(struct json_object *object, const struct mpr_opts *opts)
{
	const char *key, *value;

	for (size_t i = 0; mpr_opts_item(opts, i, &key, &value); i++)
		put(object, key, value);
}

/* ---- Forgetting what was not added -------------------------------------- */

static void give_up(struct change *change)
{
	g_ptr_array_remove(change->vm->options, change->option);
	/* One that was started for it has nothing else to do. */
	if (!mpr_vm_has_adapters(change->remote))
		mpr_vm_end_remote(change->remote);
	conclude(change);
}

static void settle(struct change *change)
{
	change->option->state = MPR_REMOTE_HERE;
	conclude(change);
}

/* ---- The boot order ----------------------------------------------------- */

/* Tells the proxy what there is to boot from behind its adapter. */
static void tell_boot_order(struct change *change, const struct mpr_remote_option *adapter,
			    mpr_qmp_reply_fn reply)
{
	struct json_object *arguments = json_object_new_object();
	g_autofree char *order = mpr_boot_order(change->vm->options, adapter);
	g_autofree char *path =
		g_strdup_printf("/machine/peripheral/%s", mpr_remote_option_get(adapter, "id"));

	put(arguments, "path", path);
	put(arguments, "property", "boot-order");
	put(arguments, "value", order);
	ask_qemu(change, "qom-set", arguments, -1, reply);
}

/* The adapter of a disk that boots, if QEMU has its proxy; NULL: there is nothing to tell. */
static const struct mpr_remote_option *boot_proxy(const struct change *change)
{
	const struct mpr_remote_option *adapter =
		mpr_boots(change->option) ? mpr_boot_adapter(change->vm->options, change->option)
					  : NULL;

	return adapter && adapter->state == MPR_REMOTE_HERE ? adapter : NULL;
}

/* The disk is not there, or not any more. */
static void leave_boot_order(struct change *change)
{
	const struct mpr_remote_option *adapter = boot_proxy(change);

	change->option->state = MPR_REMOTE_GOING;
	if (adapter)
		tell_boot_order(change, adapter, NULL);
}

/* ---- Drives and disks --------------------------------------------------- */

static void on_added(void *opaque, struct json_object *reply)
{
	struct change *change = opaque;

	if (went_well(change, reply, false)) {
		settle(change);
		return;
	}
	leave_boot_order(change);
	give_up(change);
}

static void add_drive(struct change *change)
{
	char *options = mpr_remote_option_value(change->option);

	ask_remote(change, "x-drive-add", one("options", options), -1, on_added);
	free(options);
}

static void add_to_remote(struct change *change)
{
	struct json_object *arguments = json_object_new_object();

	put_all(arguments, change->option->opts);
	ask_remote(change, "device_add", arguments, -1, on_added);
}

/* An index that is taken is found out before there is a disk. */
static void on_boot_order(void *opaque, struct json_object *reply)
{
	struct change *change = opaque;

	if (went_well(change, reply, true))
		add_to_remote(change);
	else
		give_up(change);
}

static void add_disk(struct change *change)
{
	const struct mpr_remote_option *adapter = boot_proxy(change);

	if (adapter)
		tell_boot_order(change, adapter, on_boot_order);
	else
		add_to_remote(change);
}

/* ---- Adapters: away from the remote ------------------------------------- */

static void on_removed(struct change *change)
{
	if (!change->answered || !change->deleted)
		return;
	if (change->option->state == MPR_REMOTE_GOING)
		leave_boot_order(change);
	if (change->option->state == MPR_REMOTE_COMING)
		give_up(change);
	else
		conclude(change);
}

static void on_deleted(void *opaque, bool lost)
{
	struct change *change = opaque;

	(void)lost; /* with all that it had */
	change->deleted = true;
	on_removed(change);
}

static void on_remove_reply(void *opaque, struct json_object *reply)
{
	struct change *change = opaque;

	change->answered = true;
	if (!went_well(change, reply, false) && !change->deleted) {
		mpr_vm_stop_waiting(change->vm, change);
		change->deleted = true;
		if (change->option->state == MPR_REMOTE_GOING)
			change->option->state = MPR_REMOTE_HERE;
	}
	on_removed(change);
}

/* Goes on in on_removed(). */
static void remove_from_remote(struct change *change)
{
	mpr_vm_await_deleted(change->remote, id_of(change), on_deleted, change);
	ask_remote(change, "device_del", one("id", id_of(change)), -1, on_remove_reply);
}

/* ---- Adapters: adding --------------------------------------------------- */

static struct json_object *model_arguments(struct change *change)
{
	struct json_object *arguments =
		one("driver", mpr_remote_option_get(change->option, "driver"));

	put(arguments, "id", id_of(change));
	return arguments;
}

static struct json_object *socket_arguments(struct change *change)
{
	return one("fdname", change->socket);
}

static struct json_object *object_arguments(struct change *change)
{
	struct json_object *arguments = one("qom-type", "x-remote-object");
	char *id = mpr_need_text("mpring-%s", id_of(change));

	put(arguments, "id", id);
	put(arguments, "devid", id_of(change));
	put(arguments, "fd", change->socket);
	free(id);
	return arguments;
}

static struct json_object *proxy_arguments(struct change *change)
{
	struct json_object *arguments = one("driver", "pci-proxy-dev");
	struct mpr_opts *opts = mpr_remote_option_proxy(change->option);

	put(arguments, "id", id_of(change));
	put(arguments, "socket", change->socket);
	put_all(arguments, opts);
	mpr_opts_free(opts);
	return arguments;
}

/* The remote gets a model and offers it on a socket whose other end QEMU's proxy has. */
static const struct step {
	const char *command;
	struct json_object *(*arguments)(struct change *change);
	bool qemu;
	bool passes; /* the socket's end goes along */
} steps[] = {
	{.command = "device_add", .arguments = model_arguments},
	{.command = "getfd", .arguments = socket_arguments, .passes = true},
	{.command = "object-add", .arguments = object_arguments},
	{.command = "getfd", .arguments = socket_arguments, .passes = true, .qemu = true},
	{.command = "device_add", .arguments = proxy_arguments, .qemu = true},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* Takes back what was done before the step that failed. An end that arrived may have
 * been taken: then it is not there to be closed, and that is just as well. */
static void undo(struct change *change)
{
	size_t done = change->step;

	if (done == 0) {
		give_up(change);
		return;
	}
	for (size_t i = 0; i < done; i++) {
		if (steps[i].passes && steps[i].qemu)
			ask_qemu(change, "closefd", socket_arguments(change), -1, NULL);
		else if (steps[i].passes)
			ask_remote(change, "closefd", socket_arguments(change), -1, NULL);
	}
	remove_from_remote(change);
}

static void take_step(struct change *change);

static bool boots(const struct change *change)
{
	g_autofree char *order = mpr_boot_order(change->vm->options, change->option);

	return *order;
}

static void on_step(void *opaque, struct json_object *reply)
{
	struct change *change = opaque;

	if (!went_well(change, reply, steps[change->step].qemu)) {
		undo(change);
		return;
	}
	if (++change->step < STEPS) {
		take_step(change);
		return;
	}
	/* Disks may have come before the proxy. */
	if (boots(change))
		tell_boot_order(change, change->option, NULL);
	settle(change);
}

/* Each end is its owner's alone, so that either hears the other go. */
static int take_end(struct change *change, int end)
{
	int fd = change->fds[end];

	change->fds[end] = -1;
	return fd;
}

static void take_step(struct change *change)
{
	const struct step *step = &steps[change->step];
	int end = step->qemu ? QEMU_END : REMOTE_END;
	int fd = step->passes ? take_end(change, end) : -1;

	if (step->qemu)
		ask_qemu(change, step->command, step->arguments(change), fd, on_step);
	else
		ask_remote(change, step->command, step->arguments(change), fd, on_step);
	if (fd >= 0)
		close(fd);
}

static void add_adapter(struct change *change)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, change->fds)) {
		change->error = mpr_need_text("no socket: %s", strerror(errno));
		give_up(change);
		return;
	}
	change->socket = mpr_need_text("mpring-%u", change->vm->sockets++);
	take_step(change);
}

/* ---- Adding ------------------------------------------------------------- */

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

static char *no_remote(const struct mpr_vm *vm, uint64_t rid)
{
	char *rids = list_rids(vm);
	char *error =
		mpr_need_text("there is no remote process of rid %llu (%s); an adapter with a "
			      "new rid starts one: rdevice_add lsi53c895a,id=ID,rid=%llu",
			      (unsigned long long)rid, rids, (unsigned long long)rid);

	g_free(rids);
	return error;
}

/* The process that is to have the option's device, or NULL with *error. */
static struct mpr_vm_remote *place(struct mpr_vm *vm, const struct mpr_remote_option *option,
				   char **error)
{
	struct mpr_vm_remote *remote = mpr_vm_find_remote(vm, option->rid);

	if (remote)
		return remote;
	if (option->kind == MPR_REMOTE_ADAPTER)
		return mpr_vm_start_remote(vm, option->rid, error);
	*error = no_remote(vm, option->rid);
	return NULL;
}

static int check(const struct mpr_vm *vm, const struct mpr_remote_option *option, char **error)
{
	guint index = vm->options->len - 1;
	int err = mpr_remote_option_check(vm->options, index, error);

	if (!err && mpr_vm_find_remote(vm, option->rid))
		err = mpr_process_check_running(vm->options, index, error);
	if (!err)
		err = mpr_boot_place(vm->options, index, error);
	return err;
}

/* Failed before it began. Frees the error. */
static void refuse(char *error, mpr_hotplug_fn done, void *opaque)
{
	done(opaque, error);
	free(error);
}

void mpr_hotplug_add(struct mpr_vm *vm, struct mpr_remote_option *option, mpr_hotplug_fn done,
		     void *opaque)
{
	struct mpr_vm_remote *remote = NULL;
	struct change *change;
	char *error = NULL;

	option->state = MPR_REMOTE_COMING;
	mpr_globals_apply(mpr_plan_globals(vm->plan), option);
	g_ptr_array_add(vm->options, option);
	if (check(vm, option, &error) == 0)
		remote = place(vm, option, &error);
	if (!remote) {
		g_ptr_array_remove(vm->options, option);
		refuse(error, done, opaque);
		return;
	}
	change = begin(vm, remote, option, done, opaque);
	if (option->kind == MPR_REMOTE_ADAPTER)
		add_adapter(change);
	else if (option->kind == MPR_REMOTE_DEVICE)
		add_disk(change);
	else
		add_drive(change);
}

/* ---- Removing ----------------------------------------------------------- */

static bool is_named(const struct mpr_remote_option *option, bool drive, const char *id)
{
	const char *name = mpr_remote_option_get(option, "id");

	return (option->kind == MPR_REMOTE_DRIVE) == drive && name && !strcmp(name, id);
}

static char *not_found(const struct mpr_vm *vm, bool drive, const char *id)
{
	const char **names = mpr_need_array(vm->options->len + 1, sizeof(*names));
	const char *what = drive ? "drive" : "device", *near;
	size_t count = 0;
	char *error;

	for (guint i = 0; i < vm->options->len; i++) {
		const char *name = mpr_remote_option_get(mpr_vm_option(vm, i), "id");

		if (name && is_named(mpr_vm_option(vm, i), drive, name))
			names[count++] = name;
	}
	near = mpr_nearest(id, names);
	error = near ? mpr_need_text("no remote process has a %s \"%s\" (did you mean \"%s\"?)",
				     what, id, near)
		     : mpr_need_text("no remote process has a %s \"%s\" (remote_proc_list lists "
				     "them)",
				     what, id);
	free(names);
	return error;
}

/* What cannot be done with it now, or NULL. */
static char *hindrance(const struct mpr_vm *vm, const struct mpr_remote_option *option,
		       const struct mpr_hotplug_name *name)
{
	if (name->rid && *name->rid != option->rid && !mpr_vm_find_remote(vm, *name->rid))
		return no_remote(vm, *name->rid);
	if (name->rid && *name->rid != option->rid)
		return mpr_need_text("\"%s\" is in the remote process of rid %llu, not in that of "
				     "rid %llu",
				     name->id, (unsigned long long)option->rid,
				     (unsigned long long)*name->rid);
	if (option->state != MPR_REMOTE_HERE)
		return mpr_need_text("\"%s\" is being %s", name->id,
				     option->state == MPR_REMOTE_COMING ? "added" : "removed");
	return NULL;
}

/* The option to be removed, or NULL with *error. */
static struct mpr_remote_option *find(const struct mpr_vm *vm, bool drive,
				      const struct mpr_hotplug_name *name, char **error)
{
	for (guint i = 0; i < vm->options->len; i++) {
		struct mpr_remote_option *option = mpr_vm_option(vm, i);

		if (!is_named(option, drive, name->id))
			continue;
		*error = hindrance(vm, option, name);
		return *error ? NULL : option;
	}
	*error = name->rid && !mpr_vm_find_remote(vm, *name->rid) ? no_remote(vm, *name->rid)
								  : not_found(vm, drive, name->id);
	return NULL;
}

/* A change of what is there, or NULL: it was refused. */
static struct change *begin_removal(struct mpr_vm *vm, bool drive,
				    const struct mpr_hotplug_name *name, mpr_hotplug_fn done,
				    void *opaque)
{
	char *error;
	struct mpr_remote_option *option = find(vm, drive, name, &error);

	if (option)
		return begin(vm, mpr_vm_find_remote(vm, option->rid), option, done, opaque);
	refuse(error, done, opaque);
	return NULL;
}

static void on_drive_deleted(void *opaque, struct json_object *reply)
{
	struct change *change = opaque;

	if (went_well(change, reply, false))
		g_ptr_array_remove(change->vm->options, change->option);
	else
		change->option->state = MPR_REMOTE_HERE;
	conclude(change);
}

void mpr_hotplug_drive_del(struct mpr_vm *vm, const struct mpr_hotplug_name *name,
			   mpr_hotplug_fn done, void *opaque)
{
	struct change *change = begin_removal(vm, true, name, done, opaque);

	if (!change)
		return;
	change->option->state = MPR_REMOTE_GOING;
	ask_remote(change, "x-drive-del", one("id", id_of(change)), -1, on_drive_deleted);
}

/* QEMU has asked the guest, which may take its time or refuse, and be asked again. */
static void on_unplug_requested(void *opaque, struct json_object *reply)
{
	struct change *change = opaque;

	(void)went_well(change, reply, true);
	conclude(change);
}

void mpr_hotplug_device_del(struct mpr_vm *vm, const struct mpr_hotplug_name *name,
			    mpr_hotplug_fn done, void *opaque)
{
	struct change *change = begin_removal(vm, false, name, done, opaque);

	if (!change)
		return;
	if (change->option->kind == MPR_REMOTE_ADAPTER) {
		ask_qemu(change, "device_del", one("id", name->id), -1, on_unplug_requested);
		return;
	}
	change->option->state = MPR_REMOTE_GOING;
	remove_from_remote(change);
}

void mpr_hotplug_proxy_deleted(struct mpr_vm *vm, const char *id)
{
	for (guint i = 0; i < vm->options->len; i++) {
		struct mpr_remote_option *option = mpr_vm_option(vm, i);

		if (option->kind != MPR_REMOTE_ADAPTER || option->state != MPR_REMOTE_HERE ||
		    !is_named(option, false, id))
			continue;
		option->state = MPR_REMOTE_GOING;
		remove_from_remote(
			begin(vm, mpr_vm_find_remote(vm, option->rid), option, NULL, NULL));
		return;
	}
}

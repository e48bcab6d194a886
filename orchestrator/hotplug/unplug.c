/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/unplug.h"

#include <stdbool.h>
#include <stdlib.h>

#include "monitor/json.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/hotplug/boot_update.h"
#include "orchestrator/hotplug/change.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/waits.h"

/* ---- From a remote process ----------------------------------------------- */

static void on_removed(struct mpr_change *change)
{
	if (!change->answered || !change->deleted)
		return;
	if (change->option->state == MPR_REMOTE_GOING)
		mpr_change_leave_boot_order(change);
	if (change->option->state == MPR_REMOTE_COMING)
		mpr_change_give_up(change);
	else
		mpr_change_conclude(change);
}

static void on_deleted(void *opaque, bool lost)
{
	struct mpr_change *change = opaque;

	(void)lost; /* then so are all its devices */
	change->deleted = true;
	on_removed(change);
}

static void on_remove_reply(void *opaque, struct json_object *reply)
{
	struct mpr_change *change = opaque;

	change->answered = true;
	if (!mpr_change_went_well(change, reply, false) && !change->deleted) {
		mpr_vm_stop_waiting(change->vm, change);
		change->deleted = true;
		if (change->option->state == MPR_REMOTE_GOING)
			change->option->state = MPR_REMOTE_HERE;
	}
	on_removed(change);
}

void mpr_change_remove(struct mpr_change *change)
{
	mpr_vm_await_deleted(change->remote, mpr_change_id(change), on_deleted, change);
	mpr_change_ask_remote(change, "device_del", mpr_json_one("id", mpr_change_id(change)), -1,
			      on_remove_reply);
}

/* ---- What users, and guests, want to go ---------------------------------- */

static char *not_found(const struct mpr_vm *vm, bool drive, const char *id)
{
	const char **names = mpr_need_array(vm->options->len + 1, sizeof(*names));
	const char *what = drive ? "drive" : "device", *near;
	size_t count = 0;
	char *error;

	for (guint i = 0; i < vm->options->len; i++) {
		const struct mpr_remote_option *option = mpr_vm_option(vm, i);
		const char *name = mpr_remote_option_get(option, "id");

		if (name && (option->kind == MPR_REMOTE_DRIVE) == drive)
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

/* Why it cannot be removed now (free() it), or NULL. */
static char *hindrance(const struct mpr_vm *vm, const struct mpr_remote_option *option,
		       const struct mpr_vm_name *name)
{
	if (name->rid && *name->rid != option->rid && !mpr_vm_find_remote(vm, *name->rid))
		return mpr_vm_no_remote(vm, *name->rid);
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

/* The option to remove, or NULL with *error. */
static struct mpr_remote_option *find(const struct mpr_vm *vm, bool drive,
				      const struct mpr_vm_name *name, char **error)
{
	struct mpr_remote_option *option = mpr_remote_option_find(vm->options, drive, name->id);

	if (option) {
		*error = hindrance(vm, option, name);
		return *error ? NULL : option;
	}
	*error = name->rid && !mpr_vm_find_remote(vm, *name->rid) ? mpr_vm_no_remote(vm, *name->rid)
								  : not_found(vm, drive, name->id);
	return NULL;
}

/* The change, or NULL: it was refused, and `done` was called. */
static struct mpr_change *begin_removal(struct mpr_vm *vm, bool drive,
					const struct mpr_vm_name *name, mpr_vm_changed_fn done,
					void *opaque)
{
	char *error;
	struct mpr_remote_option *option = find(vm, drive, name, &error);

	if (option)
		return mpr_change_begin(vm, mpr_vm_find_remote(vm, option->rid), option, done,
					opaque);
	mpr_vm_refuse(error, done, opaque);
	return NULL;
}

static void on_drive_deleted(void *opaque, struct json_object *reply)
{
	struct mpr_change *change = opaque;

	if (mpr_change_went_well(change, reply, false))
		g_ptr_array_remove(change->vm->options, change->option);
	else
		change->option->state = MPR_REMOTE_HERE;
	mpr_change_conclude(change);
}

void mpr_vm_unplug_drive(struct mpr_vm *vm, const struct mpr_vm_name *name, mpr_vm_changed_fn done,
			 void *opaque)
{
	struct mpr_change *change = begin_removal(vm, true, name, done, opaque);

	if (!change)
		return;
	change->option->state = MPR_REMOTE_GOING;
	mpr_change_ask_remote(change, "x-drive-del", mpr_json_one("id", mpr_change_id(change)), -1,
			      on_drive_deleted);
}

/* QEMU has asked the guest, which may take long or refuse: the user can ask again. */
static void on_unplug_requested(void *opaque, struct json_object *reply)
{
	struct mpr_change *change = opaque;

	(void)mpr_change_went_well(change, reply, true);
	mpr_change_conclude(change);
}

void mpr_vm_unplug_device(struct mpr_vm *vm, const struct mpr_vm_name *name, mpr_vm_changed_fn done,
			  void *opaque)
{
	struct mpr_change *change = begin_removal(vm, false, name, done, opaque);

	if (!change)
		return;
	if (change->option->kind == MPR_REMOTE_ADAPTER) {
		mpr_change_ask_qemu(change, "device_del", mpr_json_one("id", name->id), -1,
				    on_unplug_requested);
		return;
	}
	change->option->state = MPR_REMOTE_GOING;
	mpr_change_remove(change);
}

void mpr_vm_proxy_deleted(struct mpr_vm *vm, const char *id)
{
	struct mpr_remote_option *option = mpr_remote_option_find(vm->options, false, id);

	if (!option || option->kind != MPR_REMOTE_ADAPTER || option->state != MPR_REMOTE_HERE)
		return;
	option->state = MPR_REMOTE_GOING;
	mpr_change_remove(
		mpr_change_begin(vm, mpr_vm_find_remote(vm, option->rid), option, NULL, NULL));
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/plug.h"

#include "orchestrator/hotplug/boot_update.h"
#include "orchestrator/hotplug/change.h"
#include "orchestrator/hotplug/connect.h"
#include "orchestrator/hotplug/plug_adapter.h"
#include "orchestrator/options/globals.h"
#include "orchestrator/plan/boot_order.h"
#include "orchestrator/plan/drivers.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/plan/remote_machine.h"
#include "orchestrator/vm/inventory.h"

static void on_added(void *opaque, struct json_object *reply)
{
	struct mpr_change *change = opaque;

	if (mpr_change_went_well(change, reply, false)) {
		mpr_change_settle(change);
		return;
	}
	mpr_change_leave_boot_order(change);
	mpr_change_give_up(change);
}

static void add_to_remote(struct mpr_change *change)
{
	bool drive = change->option->kind == MPR_REMOTE_DRIVE;

	mpr_change_ask_remote(change, drive ? "x-drive-add" : "device_add",
			      mpr_change_arguments(mpr_remote_option_told(change->option)), -1,
			      on_added);
}

/* The boot order comes first: QEMU refuses an index that is taken, and then no disk is made. */
static void on_boot_order(void *opaque, struct json_object *reply)
{
	struct mpr_change *change = opaque;

	if (mpr_change_went_well(change, reply, true))
		add_to_remote(change);
	else
		mpr_change_give_up(change);
}

static void add_disk(struct mpr_change *change)
{
	const struct mpr_remote_option *adapter = mpr_change_boot_proxy(change);

	if (adapter)
		mpr_change_tell_boot_order(change, adapter, on_boot_order);
	else
		add_to_remote(change);
}

/* The process for the option, which may be a new one, or NULL with *error. */
static struct mpr_vm_remote *place(struct mpr_vm *vm, const struct mpr_remote_option *option,
				   char **error)
{
	struct mpr_vm_remote *remote = mpr_vm_find_remote(vm, option->rid);

	if (remote)
		return remote;
	if (option->kind == MPR_REMOTE_ADAPTER)
		return mpr_vm_start_remote(vm, option->rid, error);
	*error = mpr_vm_no_remote(vm, option->rid);
	return NULL;
}

static int check(const struct mpr_vm *vm, const struct mpr_remote_option *option, char **error)
{
	guint index = vm->options->len - 1;
	int err = mpr_remote_option_check(vm->options, index, error);

	if (!err)
		mpr_drivers_apply(mpr_plan_drivers(vm->plan, vm->remote_program),
				  vm->options->pdata[index]);
	if (!err && mpr_vm_find_remote(vm, option->rid))
		err = mpr_remote_machine_check_running(vm->options, index, error);
	if (!err)
		err = mpr_boot_place(vm->options, index, error);
	return err;
}

void mpr_vm_plug(struct mpr_vm *vm, struct mpr_remote_option *option, mpr_vm_changed_fn done,
		 void *opaque)
{
	struct mpr_vm_remote *remote = NULL;
	struct mpr_change *change;
	char *error = NULL;

	option->state = MPR_REMOTE_COMING;
	mpr_globals_apply(mpr_plan_globals(vm->plan), option);
	g_ptr_array_add(vm->options, option);
	if (check(vm, option, &error) == 0)
		remote = place(vm, option, &error);
	if (!remote) {
		g_ptr_array_remove(vm->options, option);
		mpr_vm_refuse(error, done, opaque);
		return;
	}
	change = mpr_change_begin(vm, remote, option, done, opaque);
	if (option->kind == MPR_REMOTE_ADAPTER)
		mpr_change_plug_adapter(change);
	else if (option->kind == MPR_REMOTE_DEVICE)
		add_disk(change);
	else
		add_to_remote(change);
}

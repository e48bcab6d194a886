/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/removal.h"

#include <stdbool.h>

#include "monitor/json.h"
#include "orchestrator/vm/boot_update.h"
#include "orchestrator/vm/change.h"
#include "orchestrator/vm/waits.h"

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

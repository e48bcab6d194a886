/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/io_stop.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/vm/believe.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/vm_state.h"

/* If that failed, the machine must still stop, though its state is then "paused". */
static void io_error_set(void *opaque, struct json_object *reply)
{
	const struct mpr_vm *vm = opaque;

	if (reply && mpr_qmp_error(reply))
		mpr_qmp_execute(vm->qemu, "stop", NULL, -1, NULL, NULL);
}

/* Has QEMU stop in the state io-error. No command does that, so a property of the proxy does. */
static void stop_qemu(struct mpr_vm *vm, const struct mpr_remote_option *adapter)
{
	struct json_object *arguments = json_object_new_object();
	char *path = mpr_need_text("/machine/peripheral/%s", mpr_remote_option_get(adapter, "id"));

	json_object_object_add(arguments, "path", json_object_new_string(path));
	json_object_object_add(arguments, "property", json_object_new_string("x-io-error"));
	json_object_object_add(arguments, "value", json_object_new_boolean(true));
	mpr_qmp_execute(vm->qemu, "qom-set", arguments, -1, io_error_set, vm);
	free(path);
}

/* The machine stops with the remote: in a guest that ran on, commands to the disk would time out.
 */
void mpr_vm_remote_stopped(struct mpr_vm_remote *remote)
{
	const struct mpr_remote_option *adapter =
		mpr_remote_option_first_adapter(remote->vm->options, remote->rid);

	if (!mpr_believe_stopped(remote)) {
		mpr_disbelieve(remote, "STOP, with no drive that stops at errors");
		return;
	}
	if (remote->stopped)
		return;
	remote->stopped = true;
	remote->may_resume = false;
	if (adapter && remote->vm->qemu && !remote->vm->qemu_lost)
		stop_qemu(remote->vm, adapter);
}

static void continued(void *opaque, struct json_object *reply)
{
	struct mpr_vm_remote *remote = opaque;

	(void)reply;
	remote->continuing = false;
}

/* At most one cont is out: QEMU may send RESUME faster than the remote answers. */
static void resume_remote(struct mpr_vm_remote *remote)
{
	if (!remote->stopped || !remote->qmp || remote->continuing)
		return;
	remote->continuing = remote->may_resume = true;
	mpr_qmp_execute(remote->qmp, "cont", NULL, -1, continued, remote);
}

void mpr_vm_resume_remotes(const struct mpr_vm *vm)
{
	for (guint i = 0; i < vm->remotes->len; i++)
		resume_remote(mpr_vm_remote_at(vm, i));
}

/* A RESUME without a cont is ignored. */
void mpr_vm_remote_resumed(struct mpr_vm_remote *remote)
{
	if (remote->may_resume)
		remote->stopped = remote->may_resume = false;
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/hotplug/events.h"

#include <glib.h>
#include <json-c/json.h>
#include <string.h>

#include "monitor/envelope.h"
#include "monitor/json.h"
#include "orchestrator/hotplug/unplug.h"
#include "orchestrator/vm/believe.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/io_stop.h"
#include "orchestrator/vm/leave.h"
#include "orchestrator/vm/vm_state.h"
#include "orchestrator/vm/waits.h"

static const char *device_of(struct json_object *event)
{
	return mpr_json_get_string(mpr_json_get(event, "data"), "device");
}

static bool is_event(struct json_object *event, const char *name)
{
	const char *what = mpr_json_get_string(event, "event");

	return what && !strcmp(what, name);
}

/* ---- Of a remote -------------------------------------------------------- */

/* Takes over the event; NULL: there is nothing to tell. */
static void tell_users(const struct mpr_vm *vm, struct json_object *event)
{
	if (vm->event && event)
		vm->event(vm->opaque, event);
	json_object_put(event);
}

static void remote_device_deleted(struct mpr_vm_remote *remote, struct json_object *event)
{
	const char *id = device_of(event);
	struct mpr_remote_option *option = NULL;
	bool adapter;

	if (!id || !mpr_believe_deleted(remote, id)) {
		mpr_disbelieve(remote, "DEVICE_DELETED, of what nobody removes");
		return;
	}
	/* The devices of a process that is to end were forgotten when it was told to. */
	if (!remote->leaving)
		option = mpr_vm_find_device(remote->vm, remote->rid, id);
	adapter = option && option->kind == MPR_REMOTE_ADAPTER;
	if (option)
		mpr_vm_forget(remote->vm, option);
	/* For an adapter QEMU has sent the event, when the proxy went. */
	if (!adapter)
		tell_users(remote->vm, mpr_envelope_device_deleted(id));
	mpr_vm_end_waits(remote, id);
	if (adapter && !mpr_remote_option_first_adapter(remote->vm->options, remote->rid))
		mpr_vm_end_remote(remote);
}

static void remote_lost(struct mpr_vm_remote *remote)
{
	mpr_qmp_destroy(remote->qmp);
	remote->qmp = NULL;
	if (!remote->leaving)
		mpr_vm_forget_all(remote);
	mpr_vm_end_waits(remote, NULL);
	mpr_vm_forget_remote(remote);
}

void mpr_vm_on_remote_event(void *opaque, struct json_object *event)
{
	struct mpr_vm_remote *remote = opaque;

	if (!event)
		remote_lost(remote);
	else if (is_event(event, "DEVICE_DELETED"))
		remote_device_deleted(remote, event);
	else if (is_event(event, "BLOCK_IO_ERROR"))
		tell_users(remote->vm, mpr_believe_io_error(remote, event));
	else if (is_event(event, "STOP"))
		mpr_vm_remote_stopped(remote);
	else if (is_event(event, "RESUME"))
		mpr_vm_remote_resumed(remote);
}

/* ---- Of QEMU ------------------------------------------------------------ */

/* A machine that has paused before this event has panicked, and may stay paused. */
static void qemu_shuts_down(struct mpr_vm *vm, struct json_object *event)
{
	const char *reason = mpr_json_get_string(mpr_json_get(event, "data"), "reason");

	if (reason && g_str_has_prefix(reason, "host-"))
		mpr_family_expect_end(vm->family);
	else if (reason && g_str_has_prefix(reason, "guest-") && !vm->paused)
		mpr_family_expect_shutdown(vm->family);
}

static void qemu_pauses(struct mpr_vm *vm)
{
	vm->paused = true;
	mpr_family_expect_pause(vm->family);
}

static void qemu_resumes(struct mpr_vm *vm)
{
	vm->paused = false;
	mpr_vm_resume_remotes(vm);
}

void mpr_vm_on_qemu_event(void *opaque, struct json_object *event)
{
	struct mpr_vm *vm = opaque;

	if (!event) {
		vm->qemu_lost = true;
		mpr_vm_hang_up(vm);
	} else if (is_event(event, "DEVICE_DELETED") && device_of(event)) {
		mpr_vm_proxy_deleted(vm, device_of(event));
	} else if (is_event(event, "STOP")) {
		qemu_pauses(vm);
	} else if (is_event(event, "RESUME")) {
		qemu_resumes(vm);
	} else if (is_event(event, "SHUTDOWN")) {
		qemu_shuts_down(vm, event);
	}
}

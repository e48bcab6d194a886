/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/base/json.h"
#include "orchestrator/family/launch.h"
#include "orchestrator/vm/believe.h"
#include "orchestrator/vm/vm_state.h"

/* Bytes of a message. QEMU's may be what a command of HMP prints; JSON may take a hundred times
 * its size in memory. */
#define QEMU_MESSAGE ((size_t)16 << 20)
#define REMOTE_MESSAGE ((size_t)1 << 20)

/* One that works answers within milliseconds. */
#define PATIENCE_MS 3000
#define CHANGE_MS 30000

/* ---- Remote processes --------------------------------------------------- */

struct mpr_vm_remote *mpr_vm_find_remote(const struct mpr_vm *vm, uint64_t rid)
{
	for (guint i = 0; i < vm->remotes->len; i++) {
		struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);

		if (remote->rid == rid && remote->qmp && !remote->leaving)
			return remote;
	}
	return NULL;
}

bool mpr_vm_has_adapters(const struct mpr_vm_remote *remote)
{
	for (guint i = 0; i < remote->vm->options->len; i++) {
		const struct mpr_remote_option *option = mpr_vm_option(remote->vm, i);

		if (option->kind == MPR_REMOTE_ADAPTER && option->rid == remote->rid)
			return true;
	}
	return false;
}

static void forget_options(struct mpr_vm_remote *remote)
{
	for (guint i = remote->vm->options->len; i-- > 0;) {
		if (mpr_vm_option(remote->vm, i)->rid == remote->rid)
			g_ptr_array_remove_index(remote->vm->options, i);
	}
}

void mpr_vm_end_remote(struct mpr_vm_remote *remote)
{
	if (remote->leaving || !remote->qmp)
		return;
	remote->leaving = true;
	forget_options(remote);
	mpr_qmp_execute(remote->qmp, "quit", NULL, -1, NULL, NULL);
	if (remote->member)
		mpr_member_expect_end(remote->member);
}

/* ---- Devices that leave ------------------------------------------------- */

void mpr_vm_await_deleted(struct mpr_vm_remote *remote, const char *id, mpr_vm_deleted_fn deleted,
			  void *opaque)
{
	struct mpr_vm_wait *wait = mpr_need_array(1, sizeof(*wait));

	*wait = (struct mpr_vm_wait){
		.remote = remote,
		.id = mpr_need_text("%s", id),
		.deleted = deleted,
		.opaque = opaque,
	};
	g_ptr_array_add(remote->vm->waits, wait);
}

static void free_wait(void *opaque)
{
	struct mpr_vm_wait *wait = opaque;

	free(wait->id);
	free(wait);
}

void mpr_vm_stop_waiting(struct mpr_vm *vm, const void *opaque)
{
	for (guint i = vm->waits->len; i-- > 0;) {
		const struct mpr_vm_wait *wait = vm->waits->pdata[i];

		if (wait->opaque == opaque)
			g_ptr_array_remove_index(vm->waits, i);
	}
}

/* `id` NULL: of all devices, because the remote is lost. */
static void end_waits(struct mpr_vm_remote *remote, const char *id)
{
	GPtrArray *waits = remote->vm->waits;

	for (guint i = waits->len; i-- > 0;) {
		const struct mpr_vm_wait *wait = waits->pdata[i];
		mpr_vm_deleted_fn deleted = wait->deleted;
		void *opaque = wait->opaque;

		if (wait->remote != remote || (id && strcmp(wait->id, id)))
			continue;
		g_ptr_array_remove_index(waits, i);
		deleted(opaque, !id);
		i = waits->len; /* others may have gone as well */
	}
}

static void forget_drive(struct mpr_vm *vm, uint64_t rid, const char *id)
{
	for (guint i = vm->options->len; id && i-- > 0;) {
		const struct mpr_remote_option *option = mpr_vm_option(vm, i);

		if (option->kind == MPR_REMOTE_DRIVE && option->rid == rid &&
		    !strcmp(mpr_remote_option_get(option, "id"), id))
			g_ptr_array_remove_index(vm->options, i);
	}
}

/* The first adapter of a process, which devices without bus= are on. */
static const struct mpr_remote_option *first_adapter(const struct mpr_vm *vm, uint64_t rid)
{
	for (guint i = 0; i < vm->options->len; i++) {
		const struct mpr_remote_option *option = mpr_vm_option(vm, i);

		if (option->kind == MPR_REMOTE_ADAPTER && option->rid == rid)
			return option;
	}
	return NULL;
}

bool mpr_vm_is_on(const struct mpr_vm *vm, const struct mpr_remote_option *option,
		  const struct mpr_remote_option *adapter)
{
	const char *bus = mpr_remote_option_get(option, "bus");
	const char *id = mpr_remote_option_get(adapter, "id");
	size_t len = strlen(id);

	if (option->kind != MPR_REMOTE_DEVICE || option->rid != adapter->rid)
		return false;
	if (!bus)
		return adapter == first_adapter(vm, adapter->rid);
	return !strncmp(bus, id, len) && bus[len] == '.';
}

static struct mpr_remote_option *first_on(const struct mpr_vm *vm,
					  const struct mpr_remote_option *adapter)
{
	for (guint i = 0; i < vm->options->len; i++) {
		if (mpr_vm_is_on(vm, mpr_vm_option(vm, i), adapter))
			return mpr_vm_option(vm, i);
	}
	return NULL;
}

void mpr_vm_forget(struct mpr_vm *vm, struct mpr_remote_option *option)
{
	struct mpr_remote_option *disk;

	while (option->kind == MPR_REMOTE_ADAPTER && (disk = first_on(vm, option)))
		mpr_vm_forget(vm, disk);
	if (option->kind == MPR_REMOTE_DEVICE)
		forget_drive(vm, option->rid, mpr_remote_option_get(option, "drive"));
	g_ptr_array_remove(vm->options, option);
}

struct mpr_remote_option *mpr_vm_find_device(const struct mpr_vm *vm, uint64_t rid, const char *id)
{
	for (guint i = 0; i < vm->options->len; i++) {
		struct mpr_remote_option *option = mpr_vm_option(vm, i);
		const char *name = mpr_remote_option_get(option, "id");

		if (option->kind != MPR_REMOTE_DRIVE && option->rid == rid && name &&
		    !strcmp(name, id))
			return option;
	}
	return NULL;
}

/* ---- Events ------------------------------------------------------------- */

static const char *device_of(struct json_object *event)
{
	return mpr_json_get_string(mpr_json_get(event, "data"), "device");
}

static bool is_event(struct json_object *event, const char *name)
{
	const char *what = mpr_json_get_string(event, "event");

	return what && !strcmp(what, name);
}

/* Takes over the event, which may be NULL. */
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
	/* What a process has that is to end is forgotten already. */
	if (!remote->leaving)
		option = mpr_vm_find_device(remote->vm, remote->rid, id);
	adapter = option && option->kind == MPR_REMOTE_ADAPTER;
	if (option)
		mpr_vm_forget(remote->vm, option);
	/* Of an adapter QEMU has told that its proxy is gone. */
	if (!adapter)
		tell_users(remote->vm, mpr_deleted_event(id));
	end_waits(remote, id);
	if (adapter && !mpr_vm_has_adapters(remote))
		mpr_vm_end_remote(remote);
}

static void forget_remote(struct mpr_vm_remote *remote)
{
	if (!remote->member && !remote->qmp)
		g_ptr_array_remove(remote->vm->remotes, remote);
}

static void remote_lost(struct mpr_vm_remote *remote)
{
	mpr_qmp_destroy(remote->qmp);
	remote->qmp = NULL;
	if (!remote->leaving)
		forget_options(remote);
	end_waits(remote, NULL);
	forget_remote(remote);
}

/* ---- I/O errors that stop ------------------------------------------------ */

/* The machine must stop, if only with another state. */
static void io_error_set(void *opaque, struct json_object *reply)
{
	const struct mpr_vm *vm = opaque;

	if (reply && mpr_qmp_error(reply))
		mpr_qmp_execute(vm->qemu, "stop", NULL, -1, NULL, NULL);
}

/* Has QEMU stop in the state io-error, which only a device can: the adapter's proxy. */
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

/* An I/O error stops the whole machine, so that the guest's timeouts do not run. */
static void remote_stopped(struct mpr_vm_remote *remote)
{
	const struct mpr_remote_option *adapter = first_adapter(remote->vm, remote->rid);

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

/* One such command is under way at a time, however often QEMU says that it goes on. */
static void resume_remote(struct mpr_vm_remote *remote)
{
	if (!remote->stopped || !remote->qmp || remote->continuing)
		return;
	remote->continuing = remote->may_resume = true;
	mpr_qmp_execute(remote->qmp, "cont", NULL, -1, continued, remote);
}

/* The user goes on. */
static void resume_remotes(const struct mpr_vm *vm)
{
	for (guint i = 0; i < vm->remotes->len; i++)
		resume_remote(mpr_vm_remote_at(vm, i));
}

/* It goes on when it is told to, and not before. */
static void remote_resumed(struct mpr_vm_remote *remote)
{
	if (remote->may_resume)
		remote->stopped = remote->may_resume = false;
}

static void on_remote_event(void *opaque, struct json_object *event)
{
	struct mpr_vm_remote *remote = opaque;

	if (!event)
		remote_lost(remote);
	else if (is_event(event, "DEVICE_DELETED"))
		remote_device_deleted(remote, event);
	else if (is_event(event, "BLOCK_IO_ERROR"))
		tell_users(remote->vm, mpr_believe_io_error(remote, event));
	else if (is_event(event, "STOP"))
		remote_stopped(remote);
	else if (is_event(event, "RESUME"))
		remote_resumed(remote);
}

/* A machine that pauses before it is told has panicked, and so may stay as it is. */
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
	resume_remotes(vm);
}

static void on_qemu_event(void *opaque, struct json_object *event)
{
	struct mpr_vm *vm = opaque;

	if (!event) {
		vm->qemu_lost = true;
		mpr_vm_hang_up(vm);
	} else if (is_event(event, "DEVICE_DELETED") && device_of(event)) {
		mpr_hotplug_proxy_deleted(vm, device_of(event));
	} else if (is_event(event, "STOP")) {
		qemu_pauses(vm);
	} else if (is_event(event, "RESUME")) {
		qemu_resumes(vm);
	} else if (is_event(event, "SHUTDOWN")) {
		qemu_shuts_down(vm, event);
	}
}

/* A member that ended may go at any time. */
static void on_end(void *opaque, const struct mpr_member *member)
{
	struct mpr_vm *vm = opaque;

	for (guint i = 0; i < vm->remotes->len; i++) {
		struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);

		if (remote->member != member)
			continue;
		remote->member = NULL;
		forget_remote(remote);
		return;
	}
	mpr_vm_hang_up(vm); /* it was QEMU */
}

/* ---- Life --------------------------------------------------------------- */

struct mpr_vm *mpr_vm_create(struct mpr_family *family, struct mpr_plan *plan,
			     const char *remote_program)
{
	struct mpr_vm *vm = mpr_need_array(1, sizeof(*vm));

	vm->family = family;
	vm->plan = plan;
	vm->patience_ms = PATIENCE_MS;
	vm->change_ms = CHANGE_MS;
	vm->options = g_ptr_array_ref(mpr_plan_options(plan));
	vm->remote_program = mpr_need_text("%s", remote_program);
	vm->remotes = g_ptr_array_new_with_free_func(g_rc_box_release);
	vm->waits = g_ptr_array_new_with_free_func(free_wait);
	mpr_family_on_end(family, on_end, vm);
	return vm;
}

void mpr_vm_hang_up(struct mpr_vm *vm)
{
	if (!vm)
		return;
	if (vm->qemu)
		mpr_qmp_hang_up(vm->qemu);
	for (guint i = 0; i < vm->remotes->len; i++) {
		if (mpr_vm_remote_at(vm, i)->qmp)
			mpr_qmp_hang_up(mpr_vm_remote_at(vm, i)->qmp);
	}
}

/* Whether somebody is still to be told that a connection is lost. */
static bool is_connected(const struct mpr_vm *vm)
{
	for (guint i = 0; i < vm->remotes->len; i++) {
		if (mpr_vm_remote_at(vm, i)->qmp)
			return true;
	}
	return vm->qemu && !vm->qemu_lost;
}

void mpr_vm_destroy(struct mpr_vm *vm)
{
	if (!vm)
		return;
	mpr_vm_hang_up(vm);
	while (is_connected(vm))
		g_main_context_iteration(NULL, FALSE);
	mpr_family_on_end(vm->family, NULL, NULL);
	mpr_qmp_destroy(vm->qemu);
	g_ptr_array_unref(vm->remotes);
	g_ptr_array_unref(vm->waits);
	g_ptr_array_unref(vm->options);
	free(vm->remote_program);
	free(vm);
}

static struct mpr_vm_remote *add_remote(struct mpr_vm *vm, struct mpr_member *member, int sock)
{
	struct mpr_vm_remote *remote = g_rc_box_new0(struct mpr_vm_remote);

	*remote = (struct mpr_vm_remote){
		.vm = vm,
		.rid = member->rid,
		.pid = member->pid,
		.member = member,
	};
	remote->qmp = mpr_qmp_create(sock, REMOTE_MESSAGE, on_remote_event, remote);
	g_ptr_array_add(vm->remotes, remote);
	return remote;
}

void mpr_vm_add_remote(struct mpr_vm *vm, struct mpr_member *member, int sock)
{
	add_remote(vm, member, sock);
}

void mpr_vm_set_qemu(struct mpr_vm *vm, int sock)
{
	vm->qemu = mpr_qmp_create(sock, QEMU_MESSAGE, on_qemu_event, vm);
}

struct mpr_vm_remote *mpr_vm_start_remote(struct mpr_vm *vm, uint64_t rid, char **error)
{
	struct mpr_member *member;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		*error = mpr_need_text("no socket for rid %llu: %s", (unsigned long long)rid,
				       strerror(errno));
		return NULL;
	}
	member = mpr_launch_remote(
		vm->family, rid,
		mpr_plan_new_remote_argv(vm->plan, rid, vm->remote_program, fds[1]), &fds[1], 1,
		false, error);
	close(fds[1]);
	if (member)
		return add_remote(vm, member, fds[0]);
	close(fds[0]);
	return NULL;
}

struct mpr_qmp *mpr_vm_qemu(struct mpr_vm *vm)
{
	return vm->qemu;
}

void mpr_vm_listen(struct mpr_vm *vm, mpr_vm_event_fn event, void *opaque)
{
	vm->event = event;
	vm->opaque = opaque;
}

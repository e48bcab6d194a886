/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/vm.h"

#include <stdlib.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/vm/leave.h"
#include "orchestrator/vm/vm_state.h"
#include "orchestrator/vm/waits.h"

/* With a change. A remote that works needs milliseconds, unless its disks are slow. */
#define PATIENCE_MS 30000

/* The member may be freed after this call. */
static void on_end(void *opaque, const struct mpr_member *member)
{
	struct mpr_vm *vm = opaque;

	for (guint i = 0; i < vm->remotes->len; i++) {
		struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);

		if (remote->member != member)
			continue;
		remote->member = NULL;
		mpr_vm_forget_remote(remote);
		return;
	}
	mpr_vm_hang_up(vm); /* it was QEMU */
}

struct mpr_vm *mpr_vm_create(struct mpr_family *family, struct mpr_plan *plan,
			     const char *remote_program)
{
	struct mpr_vm *vm = mpr_need_array(1, sizeof(*vm));

	vm->family = family;
	vm->plan = plan;
	vm->change_ms = PATIENCE_MS;
	vm->options = g_ptr_array_ref(mpr_plan_options(plan));
	vm->remote_program = mpr_need_text("%s", remote_program);
	vm->remotes = g_ptr_array_new_with_free_func(g_rc_box_release);
	vm->waits = mpr_vm_waits_create();
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

/* Whether a loss has not been reported to its callback yet. */
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

const char *mpr_vm_remote_program(const struct mpr_vm *vm)
{
	return vm->remote_program;
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

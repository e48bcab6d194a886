/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/leave.h"

#include <string.h>

#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/vm_state.h"

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
	const char *drive = mpr_remote_option_get(option, "drive");
	struct mpr_remote_option *disk;

	while (option->kind == MPR_REMOTE_ADAPTER && (disk = first_on(vm, option)))
		mpr_vm_forget(vm, disk);
	if (option->kind == MPR_REMOTE_DEVICE && drive)
		g_ptr_array_remove(vm->options, mpr_vm_find_drive(vm, option->rid, drive));
	g_ptr_array_remove(vm->options, option);
}

void mpr_vm_forget_all(struct mpr_vm_remote *remote)
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
	mpr_vm_forget_all(remote);
	mpr_qmp_execute(remote->qmp, "quit", NULL, -1, NULL, NULL);
	if (remote->member)
		mpr_member_expect_end(remote->member);
}

void mpr_vm_forget_remote(struct mpr_vm_remote *remote)
{
	if (!remote->member && !remote->qmp)
		g_ptr_array_remove(remote->vm->remotes, remote);
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/waits.h"

#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/vm/vm_state.h"

struct wait {
	struct mpr_vm_remote *remote;
	char *id;
	mpr_vm_deleted_fn deleted;
	void *opaque;
};

static void free_wait(void *opaque)
{
	struct wait *wait = opaque;

	free(wait->id);
	free(wait);
}

GPtrArray *mpr_vm_waits_create(void)
{
	return g_ptr_array_new_with_free_func(free_wait);
}

void mpr_vm_await_deleted(struct mpr_vm_remote *remote, const char *id, mpr_vm_deleted_fn deleted,
			  void *opaque)
{
	struct wait *wait = mpr_need_array(1, sizeof(*wait));

	*wait = (struct wait){
		.remote = remote,
		.id = mpr_need_text("%s", id),
		.deleted = deleted,
		.opaque = opaque,
	};
	g_ptr_array_add(remote->vm->waits, wait);
}

void mpr_vm_stop_waiting(struct mpr_vm *vm, const void *opaque)
{
	for (guint i = vm->waits->len; i-- > 0;) {
		const struct wait *wait = vm->waits->pdata[i];

		if (wait->opaque == opaque)
			g_ptr_array_remove_index(vm->waits, i);
	}
}

bool mpr_vm_is_awaited(const struct mpr_vm_remote *remote, const char *id)
{
	const GPtrArray *waits = remote->vm->waits;

	for (guint i = 0; i < waits->len; i++) {
		const struct wait *wait = waits->pdata[i];

		if (wait->remote == remote && !strcmp(wait->id, id))
			return true;
	}
	return false;
}

void mpr_vm_end_waits(struct mpr_vm_remote *remote, const char *id)
{
	GPtrArray *waits = remote->vm->waits;

	for (guint i = waits->len; i-- > 0;) {
		const struct wait *wait = waits->pdata[i];
		mpr_vm_deleted_fn deleted = wait->deleted;
		void *opaque = wait->opaque;

		if (wait->remote != remote || (id && strcmp(wait->id, id)))
			continue;
		g_ptr_array_remove_index(waits, i);
		deleted(opaque, !id);
		i = waits->len; /* the call may have removed others */
	}
}

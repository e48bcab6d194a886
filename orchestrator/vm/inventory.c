/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/inventory.h"

#include <string.h>

#include "orchestrator/vm/vm_state.h"

const GPtrArray *mpr_vm_remotes(const struct mpr_vm *vm)
{
	return vm->remotes;
}

const GPtrArray *mpr_vm_options(const struct mpr_vm *vm)
{
	return vm->options;
}

struct mpr_vm_remote *mpr_vm_find_remote(const struct mpr_vm *vm, uint64_t rid)
{
	for (guint i = 0; i < vm->remotes->len; i++) {
		struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);

		if (remote->rid == rid && remote->qmp && !remote->leaving)
			return remote;
	}
	return NULL;
}

/* Ids are unique in all processes together. */
static struct mpr_remote_option *find(const struct mpr_vm *vm, bool drive, uint64_t rid,
				      const char *id)
{
	struct mpr_remote_option *option = mpr_remote_option_find(vm->options, drive, id);

	return option && option->rid == rid ? option : NULL;
}

struct mpr_remote_option *mpr_vm_find_device(const struct mpr_vm *vm, uint64_t rid, const char *id)
{
	return find(vm, false, rid, id);
}

struct mpr_remote_option *mpr_vm_find_drive(const struct mpr_vm *vm, uint64_t rid, const char *id)
{
	return find(vm, true, rid, id);
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
		return adapter == mpr_remote_option_first_adapter(vm->options, adapter->rid);
	return !strncmp(bus, id, len) && bus[len] == '.';
}

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

struct mpr_remote_option *mpr_vm_find_drive(const struct mpr_vm *vm, uint64_t rid, const char *id)
{
	for (guint i = 0; i < vm->options->len; i++) {
		struct mpr_remote_option *option = mpr_vm_option(vm, i);

		if (option->kind == MPR_REMOTE_DRIVE && option->rid == rid &&
		    !strcmp(mpr_remote_option_get(option, "id"), id))
			return option;
	}
	return NULL;
}

const struct mpr_remote_option *mpr_vm_first_adapter(const struct mpr_vm *vm, uint64_t rid)
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
		return adapter == mpr_vm_first_adapter(vm, adapter->rid);
	return !strncmp(bus, id, len) && bus[len] == '.';
}

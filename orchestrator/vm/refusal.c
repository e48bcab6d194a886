/* SPDX-License-Identifier: MIT */
#include "orchestrator/vm/refusal.h"

#include <glib.h>
#include <stdlib.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/vm_state.h"

static char *list_rids(const struct mpr_vm *vm)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < vm->remotes->len; i++) {
		const struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);

		if (remote == mpr_vm_find_remote(vm, remote->rid))
			g_string_append_printf(text, "%s%llu", text->len ? ", " : "there is: ",
					       (unsigned long long)remote->rid);
	}
	return g_string_free(text->len ? text : g_string_append(text, "there is none"), FALSE);
}

char *mpr_vm_no_remote(const struct mpr_vm *vm, uint64_t rid)
{
	char *rids = list_rids(vm);
	char *error =
		mpr_need_text("there is no remote process of rid %llu (%s); an adapter with a "
			      "new rid starts one: rdevice_add lsi53c895a,id=ID,rid=%llu",
			      (unsigned long long)rid, rids, (unsigned long long)rid);

	g_free(rids);
	return error;
}

void mpr_vm_refuse(char *error, mpr_vm_changed_fn done, void *opaque)
{
	done(opaque, error);
	free(error);
}

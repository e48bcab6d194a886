/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/proc_list.h"

#include <glib.h>

#include "monitor/json.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/remote.h"
#include "orchestrator/vm/vm.h"

/* `id` NULL: it has none. */
static void add_row(struct json_object *rows, const struct mpr_vm *vm,
		    const struct mpr_vm_remote *remote, const char *id)
{
	struct json_object *row = json_object_new_object();
	g_autofree char *name = g_path_get_basename(mpr_vm_remote_program(vm));

	json_object_object_add(row, "pid", json_object_new_int(mpr_vm_remote_pid(remote)));
	json_object_object_add(row, "rid",
			       json_object_new_int64((int64_t)mpr_vm_remote_rid(remote)));
	if (id)
		mpr_json_put(row, "id", id);
	mpr_json_put(row, "name", name);
	json_object_array_add(rows, row);
}

static void add_options(struct json_object *rows, const struct mpr_vm *vm,
			const struct mpr_vm_remote *remote, enum mpr_remote_kind kind)
{
	const GPtrArray *options = mpr_vm_options(vm);

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == kind && option->rid == mpr_vm_remote_rid(remote) &&
		    option->state != MPR_REMOTE_COMING)
			add_row(rows, vm, remote, mpr_remote_option_get(option, "id"));
	}
}

/* A process that was told to end is listed until it has, without the devices that it had. */
static void add_remote(struct json_object *rows, const struct mpr_vm *vm,
		       const struct mpr_vm_remote *remote)
{
	uint64_t rid = mpr_vm_remote_rid(remote);
	bool works = mpr_vm_find_remote(vm, rid) == remote;
	g_autofree char *id = g_strdup_printf("%llu", (unsigned long long)rid);

	for (enum mpr_remote_kind kind = 0; works && kind < MPR_REMOTE_KINDS; kind++)
		add_options(rows, vm, remote, kind);
	add_row(rows, vm, remote, id);
}

struct json_object *mpr_proc_list_json(const struct mpr_vm *vm)
{
	struct json_object *rows = json_object_new_array();
	const GPtrArray *remotes = mpr_vm_remotes(vm);

	for (guint i = 0; i < remotes->len; i++)
		if (mpr_vm_remote_pid(remotes->pdata[i]))
			add_remote(rows, vm, remotes->pdata[i]);
	return rows;
}

static const char *text_of(struct json_object *row, const char *key)
{
	struct json_object *value = mpr_json_get(row, key);

	return value ? json_object_get_string(value) : "-";
}

char *mpr_proc_list_text(const struct mpr_vm *vm)
{
	struct json_object *rows = mpr_proc_list_json(vm);
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%8s\t%16s\t%16s\t%16s\n\n", "PID", "RID", "QEMU ID",
			       "PROCESS NAME");
	for (size_t i = 0; i < mpr_json_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		g_string_append_printf(text, "%08d\t%16s\t%16s\t%16s\n",
				       json_object_get_int(mpr_json_get(row, "pid")),
				       text_of(row, "rid"), text_of(row, "id"),
				       text_of(row, "name"));
	}
	json_object_put(rows);
	return g_string_free(text, FALSE);
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/proc_list.h"

#include <stdlib.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/vm/vm_state.h"

typedef void (*row_fn)(void *opaque, const struct mpr_vm_remote *remote, const char *id);

static void list_options(const struct mpr_vm_remote *remote, enum mpr_remote_kind kind, row_fn row,
			 void *opaque)
{
	const struct mpr_vm *vm = remote->vm;

	for (guint i = 0; i < vm->options->len; i++) {
		const struct mpr_remote_option *option = mpr_vm_option(vm, i);

		if (option->kind == kind && option->rid == remote->rid &&
		    option->state != MPR_REMOTE_COMING)
			row(opaque, remote, mpr_remote_option_get(option, "id"));
	}
}

/* A process that was told to end is there until it has; what it had is not. */
static bool has_options(const struct mpr_vm_remote *remote)
{
	return remote->member && remote->qmp && !remote->leaving;
}

static void list_rows(const struct mpr_vm *vm, row_fn row, void *opaque)
{
	for (guint i = 0; i < vm->remotes->len; i++) {
		const struct mpr_vm_remote *remote = mpr_vm_remote_at(vm, i);
		char *rid = mpr_need_text("%llu", (unsigned long long)remote->rid);

		for (enum mpr_remote_kind kind = 0; has_options(remote) && kind < MPR_REMOTE_KINDS;
		     kind++)
			list_options(remote, kind, row, opaque);
		if (remote->member)
			row(opaque, remote, rid);
		free(rid);
	}
}

static char *process_name(const struct mpr_vm *vm)
{
	return g_path_get_basename(vm->remote_program);
}

static void add_line(void *opaque, const struct mpr_vm_remote *remote, const char *id)
{
	char *name = process_name(remote->vm);

	g_string_append_printf(opaque, "%08d\t%16llu\t%16s\t%16s\n", (int)remote->pid,
			       (unsigned long long)remote->rid, id ? id : "-", name);
	g_free(name);
}

char *mpr_proc_list_text(const struct mpr_vm *vm)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%8s\t%16s\t%16s\t%16s\n\n", "PID", "RID", "QEMU ID",
			       "PROCESS NAME");
	list_rows(vm, add_line, text);
	return g_string_free(text, FALSE);
}

static void add_object(void *opaque, const struct mpr_vm_remote *remote, const char *id)
{
	struct json_object *object = json_object_new_object();
	char *name = process_name(remote->vm);

	json_object_object_add(object, "pid", json_object_new_int(remote->pid));
	json_object_object_add(object, "rid", json_object_new_int64((int64_t)remote->rid));
	if (id)
		json_object_object_add(object, "id", json_object_new_string(id));
	json_object_object_add(object, "name", json_object_new_string(name));
	json_object_array_add(opaque, object);
	g_free(name);
}

struct json_object *mpr_proc_list_json(const struct mpr_vm *vm)
{
	struct json_object *rows = json_object_new_array();

	list_rows(vm, add_object, rows);
	return rows;
}

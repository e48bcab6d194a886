/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/json.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/printable.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/vm/believe.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/remote.h"

/* ---- Lists -------------------------------------------------------------- */

static bool is_node(const struct mpr_remote_option *drive, const char *name)
{
	char *node = mpr_remote_option_node(drive);
	bool same = !node || !strcmp(node, name);

	free(node);
	return same;
}

/* Whether the remote has a drive with that id and node name; NULL matches any. */
static bool has_drive(const struct mpr_vm *vm, uint64_t rid, const char *id, const char *node)
{
	const GPtrArray *options = mpr_vm_options(vm);

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_DRIVE && option->rid == rid &&
		    (!id || !strcmp(mpr_remote_option_get(option, "id"), id)) &&
		    (!node || is_node(option, node)))
			return true;
	}
	return false;
}

/* Whether an entry is of the remote's own: a drive, a node, or a device in /machine/peripheral. */
static bool is_own(const struct mpr_vm *vm, uint64_t rid, struct json_object *entry)
{
	const char *name = mpr_json_get_string(entry, "name");
	const char *drive = mpr_json_get_string(entry, "device");
	const char *node = mpr_json_get_string(entry, "node-name");
	struct json_object *inserted = mpr_json_get(entry, "inserted");

	if (name)
		return mpr_vm_find_device(vm, rid, name);
	if (!node)
		node = mpr_json_get_string(inserted, "node-name");
	return (drive || node) && has_drive(vm, rid, drive, node);
}

/* Adapters are in QEMU, too, as proxies; and each container lists a property "type". */
static bool is_listed(struct json_object *list, struct json_object *entry)
{
	const char *name = mpr_json_get_string(entry, "name");

	for (size_t i = 0; name && i < json_object_array_length(list); i++) {
		const char *other = mpr_json_get_string(json_object_array_get_idx(list, i), "name");

		if (other && !strcmp(name, other))
			return true;
	}
	return false;
}

void mpr_merge_list(struct json_object *list, const struct mpr_vm *vm, struct mpr_vm_remote *remote,
		    const char *command, struct json_object *more)
{
	for (size_t i = 0; i < mpr_json_length(more); i++) {
		struct json_object *entry = json_object_array_get_idx(more, i);

		if (is_listed(list, entry))
			continue;
		if (is_own(vm, mpr_vm_remote_rid(remote), entry))
			json_object_array_add(list, json_object_get(entry));
		else
			mpr_disbelieve(remote, command);
	}
}

/* ---- Texts -------------------------------------------------------------- */

/* "lsi0 (child<pci-proxy-dev>)" */
static bool has_line(const char *text, const char *line)
{
	size_t name = strcspn(line, " ") + 1;

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, line, name))
			return true;
	}
	return false;
}

/* Of what both list, QEMU's line stays. */
static void append_lines(GString *text, const char *more)
{
	char **lines = g_strsplit(more, "\n", -1);

	for (char **line = lines; *line; line++)
		if (**line && !has_line(text->str, *line))
			g_string_append_printf(text, "%s\n", *line);
	g_strfreev(lines);
}

void mpr_merge_text(GString *text, const struct mpr_vm_remote *remote, const char *command,
		    const char *more)
{
	char *lines = mpr_printable_lines(more);
	bool tree = !strcmp(command, "info qtree") || !strcmp(command, "info qom-tree");

	if (*lines && !strcmp(command, "info block") && text->len)
		g_string_append(text, "\n"); /* as between QEMU's own */
	if (*lines && tree)
		g_string_append_printf(text, "remote process of rid %llu:\n",
				       (unsigned long long)mpr_vm_remote_rid(remote));
	if (!strcmp(command, "qom-list"))
		append_lines(text, lines);
	else
		g_string_append(text, lines);
	free(lines);
}

/* SPDX-License-Identifier: MIT */
/*
 * Any command of a user, a line of HMP or arguments of QMP, is routed; and to a remote
 * only if it names something there.
 *
 * The first byte chooses HMP ("h"), and the line follows, or QMP, and a command's name and
 * its arguments follow.
 */
#include <glib.h>
#include <string.h>

#include "orchestrator/commands/routes.h"
#include "orchestrator/commands/way.h"
#include "orchestrator/vm/vm_state.h"
#include "tests/fuzz/fuzz.h"

/* How deep a user's message may be nested (monitor/scan.h). */
#define DEPTH 1024

static void add_option(GPtrArray *options, const char *text, bool device)
{
	struct mpr_remote_option *option;
	char *error;

	require(mpr_remote_option_parse("-r", text, device, &option, &error) == 0);
	g_ptr_array_add(options, option);
	require(mpr_remote_option_check(options, options->len - 1, &error) == 0);
}

/* Made once. */
static struct mpr_vm *get_vm(void)
{
	static struct mpr_vm_remote remote;
	static struct mpr_vm vm;

	if (vm.options)
		return &vm;
	remote = (struct mpr_vm_remote){.vm = &vm, .qmp = (struct mpr_qmp *)&remote};
	vm.remotes = g_ptr_array_new();
	g_ptr_array_add(vm.remotes, &remote);
	vm.options = g_ptr_array_new();
	add_option(vm.options, "lsi53c895a,id=lsi0,rid=0", true);
	add_option(vm.options, "id=d0,file=x,node-name=n0,rid=0", false);
	add_option(vm.options, "scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0", true);
	return &vm;
}

static void find(const struct mpr_route *route, struct json_object *arguments)
{
	static const char *const names[] = {"d0", "n0", "disk0", "lsi0."};
	struct mpr_way way;
	bool known = false;

	if (!mpr_way_find(get_vm(), route, arguments, &way))
		return;
	require(way.all != (way.remote != NULL));
	for (size_t i = 0; way.remote && i < G_N_ELEMENTS(names); i++)
		known |= strstr(way.named.name, names[i]) != NULL;
	require(way.all || known);
}

static void find_line(const char *line)
{
	struct json_object *arguments;
	const struct mpr_route *route = mpr_way_of_line(line, &arguments);

	find(route, arguments);
	json_object_put(arguments);
}

/* A text such as "block_resize {...}". */
static void find_request(const char *text)
{
	size_t len = strcspn(text, " ");
	char *name = g_strndup(text, len);
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *arguments = json_tokener_parse_ex(tokener, text + len, -1);

	json_tokener_free(tokener);
	if (json_object_is_type(arguments, json_type_object))
		find(mpr_route_find(mpr_routes_qmp, name), arguments);
	json_object_put(arguments);
	g_free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = g_strndup((const char *)data + 1, size - 1);
	if (*data == 'h')
		find_line(text);
	else
		find_request(text);
	g_free(text);
	return 0;
}

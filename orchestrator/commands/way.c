/* SPDX-License-Identifier: MIT */
#include "orchestrator/commands/way.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/json.h"
#include "opts/json_opts.h"
#include "orchestrator/commands/routes.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/remote.h"

#define PERIPHERAL "/machine/peripheral"

/* ---- What a name is of -------------------------------------------------- */

typedef const struct mpr_remote_option *(*find_fn)(const struct mpr_vm *vm, const char *name);

static bool is_node(const struct mpr_remote_option *drive, const char *name)
{
	char *node = mpr_remote_option_node(drive);
	bool same = node && !strcmp(node, name);

	free(node);
	return same;
}

static const struct mpr_remote_option *find_drive(const struct mpr_vm *vm, const char *name)
{
	const GPtrArray *options = mpr_vm_options(vm);

	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_DRIVE &&
		    (!strcmp(mpr_remote_option_get(option, "id"), name) || is_node(option, name)))
			return option;
	}
	return NULL;
}

/* By an id or a path of QOM. Adapters are not found: QEMU has them, too, as proxies. */
static const struct mpr_remote_option *find_disk(const struct mpr_vm *vm, const char *name)
{
	const GPtrArray *options = mpr_vm_options(vm);
	size_t len;

	if (g_str_has_prefix(name, PERIPHERAL "/"))
		name += strlen(PERIPHERAL "/");
	len = strcspn(name, "/");
	for (guint i = 0; len && i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];
		const char *id = mpr_remote_option_get(option, "id");

		if (option->kind == MPR_REMOTE_DEVICE && id && strlen(id) == len &&
		    !strncmp(id, name, len))
			return option;
	}
	return NULL;
}

/* The adapter with that bus, "ID.0". */
static const struct mpr_remote_option *find_bus(const struct mpr_vm *vm, const char *name)
{
	const GPtrArray *options = mpr_vm_options(vm);
	const char *dot = strrchr(name, '.');

	for (guint i = 0; dot && i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];
		const char *id = mpr_remote_option_get(option, "id");

		if (option->kind == MPR_REMOTE_ADAPTER && strlen(id) == (size_t)(dot - name) &&
		    !strncmp(id, name, strlen(id)))
			return option;
	}
	return NULL;
}

/* ---- Names in arguments ------------------------------------------------- */

static bool is_among(const char *keys, const char *key)
{
	size_t len = strlen(key);

	for (const char *at = keys; at && *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == len && !strncmp(at, key, len))
			return true;
		at += word;
	}
	return false;
}

static struct mpr_named search(const struct mpr_vm *vm, struct json_object *object,
			       const char *keys, find_fn find);

static struct mpr_named look(const struct mpr_vm *vm, struct json_object *value, const char *keys,
			     find_fn find)
{
	struct mpr_named named = {0};

	if (json_object_is_type(value, json_type_string)) {
		named.name = mpr_json_string(value);
		named.option = named.name ? find(vm, named.name) : NULL;
	} else if (json_object_is_type(value, json_type_object)) {
		named = search(vm, value, keys, find);
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value) && !named.option; i++)
			named = look(vm, json_object_array_get_idx(value, i), keys, find);
	}
	return named;
}

static struct mpr_named search(const struct mpr_vm *vm, struct json_object *object,
			       const char *keys, find_fn find)
{
	struct mpr_named named = {0};

	if (!keys || !json_object_is_type(object, json_type_object))
		return named;
	json_object_object_foreach(object, key, value)
	{
		if (!named.option && is_among(keys, key))
			named = look(vm, value, keys, find);
	}
	return named;
}

/* ---- Lines of HMP ------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* The next word, which may be quoted (g_free() it); *rest: what follows it. */
static char *next_word(const char *text, const char **rest)
{
	const char *at = skip_blanks(text);
	bool quoted = *at == '"';
	GString *word = g_string_new(NULL);

	for (at += quoted; *at && (quoted ? *at != '"' : !strchr(" \t", *at)); at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		g_string_append_len(word, at, 1);
	}
	*rest = skip_blanks(at + (quoted && *at));
	return g_string_free(word, FALSE);
}

/* Empty if it cannot be parsed: whoever runs the command will report it. */
static struct json_object *options_of(const char *text)
{
	struct json_object *arguments;
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse("", text, "driver", &opts, &error)) {
		free(error);
		return json_object_new_object();
	}
	arguments = mpr_opts_to_json(opts);
	mpr_opts_free(opts);
	return arguments;
}

/* What a line says, as QMP's arguments would. */
static struct json_object *line_arguments(const struct mpr_route *route, const char *words)
{
	struct json_object *arguments;
	bool options = is_among(route->drives, MPR_ROUTE_OPTIONS);
	char *word = next_word(words, &words);

	while (*words && (*word == '-' || options)) {
		g_free(word);
		word = next_word(words, &words);
	}
	arguments = options ? options_of(word) : json_object_new_object();
	if (!options && *word && *word != '-')
		json_object_object_add(arguments, MPR_ROUTE_WORD, json_object_new_string(word));
	g_free(word);
	return arguments;
}

const struct mpr_route *mpr_way_of_line(const char *line, struct json_object **arguments)
{
	const struct mpr_route *route;
	const char *words;
	char *name = next_word(line, &words);

	if (!strcmp(name, "info")) {
		char *topic = next_word(words, &words);
		char *both = g_strdup_printf("info %s", topic);

		g_free(topic);
		g_free(name);
		name = both;
	}
	route = mpr_route_find(mpr_routes_hmp, name);
	*arguments = route ? line_arguments(route, words) : NULL;
	g_free(name);
	return route;
}

/* ---- Where a command goes ----------------------------------------------- */

static bool has_remotes(const struct mpr_vm *vm)
{
	const GPtrArray *remotes = mpr_vm_remotes(vm);

	for (guint i = 0; i < remotes->len; i++)
		if (mpr_vm_find_remote(vm, mpr_vm_remote_rid(remotes->pdata[i])))
			return true;
	return false;
}

/* Whether it is about all drives or devices. */
static bool is_about_all(const struct mpr_route *route, struct json_object *arguments)
{
	const char *keys = route->drives ? route->drives : route->devices;
	struct json_object *value = keys ? mpr_json_get(arguments, keys) : NULL;
	const char *name = mpr_json_string(value);

	return !value || (name && !strcmp(name, PERIPHERAL));
}

static struct mpr_named find_named(const struct mpr_vm *vm, const struct mpr_route *route,
				   struct json_object *arguments)
{
	struct mpr_named named = search(vm, arguments, route->drives, find_drive);

	if (!named.option && route->how == MPR_ROUTE_DEVICE_ADD)
		named = search(vm, arguments, "bus", find_bus);
	if (!named.option)
		named = search(vm, arguments, route->devices, find_disk);
	return named;
}

bool mpr_way_find(const struct mpr_vm *vm, const struct mpr_route *route,
		  struct json_object *arguments, struct mpr_way *way)
{
	*way = (struct mpr_way){0};
	if (!route || !has_remotes(vm))
		return false;
	way->named = find_named(vm, route, arguments);
	if (way->named.option)
		way->remote = mpr_vm_find_remote(vm, way->named.option->rid);
	if (way->remote)
		return true;
	way->all = route->how == MPR_ROUTE_EITHER ||
		   (route->how == MPR_ROUTE_MERGED && is_about_all(route, arguments));
	return way->all;
}

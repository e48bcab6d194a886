/* SPDX-License-Identifier: MIT */
#include "orchestrator/options/globals.h"

#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/command_line.h"

static void set(struct mpr_remote_option *option, const char *key, const char *value)
{
	mpr_need_ok(mpr_opts_set(option->opts, key, value));
}

/* ---- -global ------------------------------------------------------------ */

static void free_global(void *opaque)
{
	struct mpr_global *global = opaque;

	g_free(global->driver);
	g_free(global->property);
	g_free(global->value);
	g_free(global);
}

/* DRIVER.PROPERTY=VALUE, in which commas are not special. */
static bool parse_short(struct mpr_global *global)
{
	size_t driver = strcspn(global->text, ".="), property;
	const char *rest = global->text + driver;

	if (*rest != '.' || !driver)
		return false;
	property = strcspn(rest + 1, "=");
	if (!property || rest[1 + property] != '=')
		return false;
	global->driver = g_strndup(global->text, driver);
	global->property = g_strndup(rest + 1, property);
	global->value = g_strdup(rest + 1 + property + 1);
	return true;
}

/* driver=DRIVER,property=PROPERTY,value=VALUE */
static bool parse_long(struct mpr_global *global)
{
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse("-global", global->text, NULL, &opts, &error)) {
		free(error);
		return false;
	}
	global->driver = g_strdup(mpr_opts_get(opts, "driver"));
	global->property = g_strdup(mpr_opts_get(opts, "property"));
	global->value = g_strdup(mpr_opts_get(opts, "value"));
	mpr_opts_free(opts);
	return global->driver && global->property && global->value;
}

GPtrArray *mpr_globals_parse(char *const *argv)
{
	GPtrArray *globals = g_ptr_array_new_with_free_func(free_global);

	const char *text;
	int at = 1;

	while ((text = mpr_next_value(argv, &at, "global"))) {
		struct mpr_global *global = g_new0(struct mpr_global, 1);

		global->text = text;
		if (parse_short(global) || parse_long(global))
			g_ptr_array_add(globals, global);
		else
			free_global(global);
	}
	return globals;
}

/* Whether it is a base class of a disk's driver in QEMU. Those of an adapter are base classes of
 * its proxy, too, to which QEMU applies the property itself. */
static bool is_above(const char *class, const char *driver)
{
	return g_str_has_prefix(driver, "scsi-") &&
	       (!strcmp(class, "scsi-disk-base") || !strcmp(class, "scsi-device"));
}

bool mpr_global_is_for(const struct mpr_global *global, const struct mpr_remote_option *option)
{
	const char *driver = mpr_remote_option_get(option, "driver");

	return option->kind != MPR_REMOTE_DRIVE && driver &&
	       (!strcmp(global->driver, driver) || is_above(global->driver, driver));
}

/* The last -global wins; the option's own properties win over all. */
void mpr_globals_apply(const GPtrArray *globals, struct mpr_remote_option *option)
{
	for (guint i = globals->len; i-- > 0;) {
		const struct mpr_global *global = globals->pdata[i];

		if (mpr_global_is_for(global, option) &&
		    !mpr_remote_option_get(option, global->property))
			set(option, global->property, global->value);
	}
}

/* ---- -set --------------------------------------------------------------- */

/* The option that GROUP.ID.KEY=VALUE names, or NULL; *key points to KEY=VALUE. */
static struct mpr_remote_option *find(const char *text, const GPtrArray *options, const char **key)
{
	bool drive = g_str_has_prefix(text, "drive.");
	const char *id = drive ? text + 6 : text + 7;
	g_autofree char *name = NULL;
	size_t len;

	if (!drive && !g_str_has_prefix(text, "device."))
		return NULL;
	len = strcspn(id, ".");
	*key = id + len + 1;
	if (!id[len] || !strchr(*key, '='))
		return NULL;
	name = g_strndup(id, len);
	return mpr_remote_option_find(options, drive, name);
}

void mpr_sets_apply(char *const *argv, const GPtrArray *options)
{
	const char *text;
	int at = 1;

	while ((text = mpr_next_value(argv, &at, "set"))) {
		struct mpr_remote_option *option;
		const char *key, *value;
		char *name;

		option = find(text, options, &key);
		if (!option)
			continue;
		value = strchr(key, '=');
		name = g_strndup(key, (gsize)(value - key));
		set(option, name, value + 1);
		g_free(name);
	}
}

bool mpr_set_is_remote(const char *text, const GPtrArray *options)
{
	const char *key;

	return find(text, options, &key);
}

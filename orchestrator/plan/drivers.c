/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/drivers.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/globals.h"
#include "orchestrator/options/remote_option.h"

struct mpr_drivers {
	char *program;
	char *const *plugins;
	GPtrArray *names;	/* of the drivers, ended by NULL; NULL: not asked yet */
	GHashTable *properties; /* of each: names, ended by NULL */
};

struct mpr_drivers *mpr_drivers_create(const char *program, char *const *plugins)
{
	struct mpr_drivers *drivers = g_new0(struct mpr_drivers, 1);

	drivers->program = g_strdup(program);
	drivers->plugins = plugins;
	return drivers;
}

void mpr_drivers_free(struct mpr_drivers *drivers)
{
	if (!drivers)
		return;
	if (drivers->names)
		g_ptr_array_unref(drivers->names);
	if (drivers->properties)
		g_hash_table_unref(drivers->properties);
	g_free(drivers->program);
	g_free(drivers);
}

/* ---- Asking ------------------------------------------------------------- */

/* The name in a line such as: name "lsi53c895a", bus PCI, desc "..."; it stands between the string
 * `begin` and one of the characters `end` (g_free() it). NULL: the line has none. */
static char *name_in(const char *line, const char *begin, const char *end)
{
	size_t length = strlen(begin);

	return g_str_has_prefix(line, begin) && line[length + strcspn(line + length, end)]
		       ? g_strndup(line + length, strcspn(line + length, end))
		       : NULL;
}

/* The program's message as mpring's; -plugin of the remote is -rplugin here. */
static char *failure(const struct mpr_drivers *drivers, const char *what, char *said)
{
	const char *text = g_strchomp(said);

	if (g_str_has_prefix(text, "mpring-remote: "))
		text += strlen("mpring-remote: ");
	if (g_str_has_prefix(text, "-plugin "))
		return mpr_need_text("-r%s", text + 1);
	return *text ? mpr_need_text("%s", text)
		     : mpr_need_text("%s -device %s failed: is this the remote program?",
				     drivers->program, what);
}

/* What the program prints for each "-device WHAT" (g_free() it), or NULL with *error. */
static char *ask(const struct mpr_drivers *drivers, char *const *what, char **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL, *said = NULL;
	int status = 0;

	g_ptr_array_add(argv, drivers->program);
	for (char *const *plugin = drivers->plugins; *plugin; plugin++) {
		g_ptr_array_add(argv, "-plugin");
		g_ptr_array_add(argv, *plugin);
	}
	for (char *const *one = what; *one; one++) {
		g_ptr_array_add(argv, "-device");
		g_ptr_array_add(argv, *one);
	}
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &text,
			  &said, &status, &why)) {
		*error = mpr_need_text("%s cannot be run: %s", drivers->program, why->message);
		return NULL;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return g_steal_pointer(&text);
	*error = failure(drivers, *what, said);
	return NULL;
}

static int ask_names(struct mpr_drivers *drivers, char **error)
{
	char *const help[] = {"help", NULL};
	g_autofree char *text = ask(drivers, help, error);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

	if (!text)
		return -EINVAL;
	drivers->names = g_ptr_array_new_with_free_func(g_free);
	for (char **line = lines; *line; line++) {
		char *name = name_in(*line, "name \"", "\"");

		if (name)
			g_ptr_array_add(drivers->names, name);
	}
	g_ptr_array_add(drivers->names, NULL);
	return 0;
}

/* Takes "DRIVER options:" and the properties below it from *lines. */
static void take_properties(struct mpr_drivers *drivers, char ***lines)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	char *driver = name_in(*(*lines)++, "", " ");
	char *name;

	while (**lines && (name = name_in(**lines, "  ", "="))) {
		g_ptr_array_add(names, name);
		++*lines;
	}
	g_ptr_array_add(names, NULL);
	g_hash_table_insert(drivers->properties, driver, names);
}

static int ask_properties(struct mpr_drivers *drivers, char **error)
{
	g_autoptr(GPtrArray) what = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	for (guint i = 0; i + 1 < drivers->names->len; i++)
		g_ptr_array_add(what, g_strdup_printf("%s,help", (char *)drivers->names->pdata[i]));
	g_ptr_array_add(what, NULL);
	text = ask(drivers, (char *const *)what->pdata, error);
	if (!text)
		return -EINVAL;
	drivers->properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						    (GDestroyNotify)g_ptr_array_unref);
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line;) {
		if (g_str_has_suffix(*line, " options:"))
			take_properties(drivers, &line);
		else
			line++;
	}
	return 0;
}

static int learn(struct mpr_drivers *drivers, char **error)
{
	int err = drivers->names ? 0 : ask_names(drivers, error);

	return err || drivers->properties ? err : ask_properties(drivers, error);
}

/* The properties of a driver, ended by NULL; NULL: there is no such driver. */
static const char *const *properties_of(const struct mpr_drivers *drivers, const char *driver)
{
	const GPtrArray *names = driver ? g_hash_table_lookup(drivers->properties, driver) : NULL;

	return names ? (const char *const *)names->pdata : NULL;
}

/* ---- Devices ------------------------------------------------------------ */

static int check(const struct mpr_drivers *drivers, const struct mpr_remote_option *option,
		 char **error)
{
	const char *const *known = (const char *const *)drivers->names->pdata;
	const char *driver = mpr_remote_option_get(option, "driver");
	const char *nearest;

	if (option->kind == MPR_REMOTE_DRIVE || !driver || g_strv_contains(known, driver))
		return 0;
	nearest = mpr_nearest(driver, known);
	*error = nearest ? mpr_need_text("%s: no driver \"%s\" (did you mean \"%s\"?)",
					 mpr_opts_text(option->opts), driver, nearest)
			 : mpr_need_text("%s: no driver \"%s\" (mpring-remote -device help lists "
					 "them)",
					 mpr_opts_text(option->opts), driver);
	return -EINVAL;
}

void mpr_drivers_apply(const struct mpr_drivers *drivers, struct mpr_remote_option *option)
{
	if (option->kind == MPR_REMOTE_ADAPTER && drivers->properties)
		option->own = properties_of(drivers, mpr_remote_option_get(option, "driver"));
}

int mpr_check_drivers(struct mpr_drivers *drivers, const GPtrArray *options, char **error)
{
	int err = learn(drivers, error);

	for (guint i = 0; i < options->len && !err; i++) {
		err = check(drivers, options->pdata[i], error);
		mpr_drivers_apply(drivers, options->pdata[i]);
	}
	return err;
}

/* ---- Globals ------------------------------------------------------------ */

/* The driver of a disk to which the -global applies, or NULL. */
static const char *user_of(const struct mpr_global *global, const GPtrArray *options)
{
	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_DEVICE && mpr_global_is_for(global, option))
			return mpr_remote_option_get(option, "driver");
	}
	return NULL;
}

/* Keys that connect a device to others; they are not among the properties that are listed. */
static bool is_place(const char *name)
{
	return !strcmp(name, "id") || !strcmp(name, "bus");
}

static int check_global(struct mpr_drivers *drivers, const struct mpr_global *global,
			const char *driver, char **error)
{
	const char *const *known, *near;
	int err = learn(drivers, error);

	if (err)
		return err;
	known = properties_of(drivers, driver);
	if (!known)
		return 0; /* the driver is what is wrong */
	near = mpr_nearest(global->property, known);
	if (g_strv_contains(known, global->property) && !is_place(global->property))
		return 0;
	if (near && !is_place(near))
		*error = mpr_need_text("-global %s: %s has no property \"%s\" (did you mean "
				       "\"%s\"?)",
				       global->text, driver, global->property, near);
	else
		*error = mpr_need_text("-global %s: %s has no property \"%s\" (mpring-remote "
				       "-device %s,help lists them)",
				       global->text, driver, global->property, driver);
	return -EINVAL;
}

int mpr_check_globals(struct mpr_drivers *drivers, const GPtrArray *globals,
		      const GPtrArray *options, char **error)
{
	int err = 0;

	for (guint i = 0; i < globals->len && !err; i++) {
		const struct mpr_global *global = globals->pdata[i];
		const char *driver = user_of(global, options);

		if (driver)
			err = check_global(drivers, global, driver, error);
	}
	return err;
}

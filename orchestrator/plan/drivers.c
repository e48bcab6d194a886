/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/drivers.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/plan/globals.h"
#include "orchestrator/plan/remote_option.h"

/* The names in lines like: name "lsi53c895a", bus PCI, desc "..."; between `begin` and
 * `end`, which may be several characters. Ended by NULL. */
static GPtrArray *parse(const char *text, const char *begin, const char *end)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		char *name = *line + strlen(begin);

		if (g_str_has_prefix(*line, begin) && name[strcspn(name, end)])
			g_ptr_array_add(names, g_strndup(name, strcspn(name, end)));
	}
	g_ptr_array_add(names, NULL);
	return names;
}

/* What the program prints for -device WHAT, or NULL with *error. */
static char *ask(const char *program, const char *what, char **error)
{
	char *argv[] = {(char *)program, "-device", (char *)what, NULL};
	GError *why = NULL;
	char *text = NULL;
	int status = 0;

	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &text, NULL, &status,
			  &why)) {
		*error = mpr_need_text("%s cannot be run: %s", program, why->message);
		g_error_free(why);
		return NULL;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	*error = mpr_need_text("%s -device %s failed: is this the remote program?", program, what);
	g_free(text);
	return NULL;
}

/* NULL with *error set, or the names. */
static GPtrArray *list_drivers(const char *program, char **error)
{
	g_autofree char *text = ask(program, "help", error);

	return text ? parse(text, "name \"", "\"") : NULL;
}

static GPtrArray *list_properties(const char *program, const char *driver, char **error)
{
	g_autofree char *what = g_strdup_printf("%s,help", driver);
	g_autofree char *text = ask(program, what, error);

	return text ? parse(text, "  ", "=") : NULL;
}

static int check(const struct mpr_remote_option *option, GPtrArray *names, char **error)
{
	const char *const *known = (const char *const *)names->pdata;
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

int mpr_check_drivers(const char *program, const GPtrArray *options, char **error)
{
	GPtrArray *names = list_drivers(program, error);
	int err = names ? 0 : -EINVAL;

	for (guint i = 0; i < options->len && !err; i++)
		err = check(options->pdata[i], names, error);
	if (names)
		g_ptr_array_unref(names);
	return err;
}

/* ---- Globals ------------------------------------------------------------ */

/* The driver of a disk that has the property from there, or NULL. */
static const char *user_of(const struct mpr_global *global, const GPtrArray *options)
{
	for (guint i = 0; i < options->len; i++) {
		const struct mpr_remote_option *option = options->pdata[i];

		if (option->kind == MPR_REMOTE_DEVICE && mpr_global_is_for(global, option))
			return mpr_remote_option_get(option, "driver");
	}
	return NULL;
}

/* These are what ties a device to others, and no properties. */
static bool is_place(const char *name)
{
	return !strcmp(name, "id") || !strcmp(name, "bus");
}

static int check_global(const char *program, const struct mpr_global *global, const char *driver,
			char **error)
{
	GPtrArray *names = list_properties(program, driver, error);
	const char *const *known, *near;
	int err = -EINVAL;

	if (!names)
		return err;
	known = (const char *const *)names->pdata;
	near = mpr_nearest(global->property, known);
	if (g_strv_contains(known, global->property) && !is_place(global->property))
		err = 0;
	else if (near && !is_place(near))
		*error = mpr_need_text("-global %s: %s has no property \"%s\" (did you mean "
				       "\"%s\"?)",
				       global->text, driver, global->property, near);
	else
		*error = mpr_need_text("-global %s: %s has no property \"%s\" (mpring-remote "
				       "-device %s,help lists them)",
				       global->text, driver, global->property, driver);
	g_ptr_array_unref(names);
	return err;
}

int mpr_check_globals(const char *program, const GPtrArray *globals, const GPtrArray *options,
		      char **error)
{
	int err = 0;

	for (guint i = 0; i < globals->len && !err; i++) {
		const struct mpr_global *global = globals->pdata[i];
		const char *driver = user_of(global, options);

		if (driver)
			err = check_global(program, global, driver, error);
	}
	return err;
}

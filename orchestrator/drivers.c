/* SPDX-License-Identifier: MIT */
#include "orchestrator/drivers.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "orchestrator/memory.h"
#include "orchestrator/remote_option.h"

/* The names in lines like: name "lsi53c895a", bus PCI, desc "...". Ended by NULL. */
static GPtrArray *parse(const char *text)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *line = text;

	while (line && *line) {
		const char *end = g_str_has_prefix(line, "name \"") ? strchr(line + 6, '"') : NULL;

		if (end)
			g_ptr_array_add(names, g_strndup(line + 6, (gsize)(end - line - 6)));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	g_ptr_array_add(names, NULL);
	return names;
}

/* NULL with *error set, or the names. */
static GPtrArray *list_drivers(const char *program, char **error)
{
	char *argv[] = {(char *)program, "-device", "help", NULL};
	GPtrArray *names = NULL;
	GError *why = NULL;
	char *text = NULL;
	int status = 0;

	if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &text, NULL, &status,
			  &why)) {
		*error = mpr_need_text("%s cannot be run: %s", program, why->message);
		g_error_free(why);
	} else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		*error = mpr_need_text("%s -device help failed: is this the remote program?",
				       program);
	} else {
		names = parse(text);
	}
	g_free(text);
	return names;
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

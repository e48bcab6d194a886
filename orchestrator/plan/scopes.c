/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/scopes.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>

#include "opts/opts.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/options/command_line.h"
#include "orchestrator/options/qemu_options.h"

static int unknown(const char *word, char **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *near;

	for (const struct mpr_qemu_option *option = mpr_qemu_options; option->name; option++)
		g_ptr_array_add(names, (void *)option->name);
	g_ptr_array_add(names, "rdevice");
	g_ptr_array_add(names, "rdrive");
	g_ptr_array_add(names, "rplugin");
	g_ptr_array_add(names, NULL);
	near = mpr_nearest(mpr_option_name(word), (const char *const *)names->pdata);
	*error = near ? mpr_need_text("%s: no such option (did you mean -%s?)", word, near)
		      : mpr_need_text("%s: it is not known what this option means for device "
				      "processes (docs/qemu-options.md lists those that are known)",
				      word);
	return -EINVAL;
}

/* Whether an option's value has that key. If it cannot be parsed, QEMU will report it. */
static bool has_key(const char *value, const char *key)
{
	struct mpr_opts *opts;
	char *error;
	bool has;

	if (mpr_opts_parse("", value, NULL, &opts, &error)) {
		free(error);
		return false;
	}
	has = mpr_opts_get(opts, key);
	mpr_opts_free(opts);
	return has;
}

/* The option is at argv[0]. */
static int check_scope(const struct mpr_qemu_option *option, char *const *argv, char **error)
{
	if (option->scope != MPR_REFUSED)
		return 0;
	if (option->key && !(argv[1] && has_key(argv[1], option->key)))
		return 0;
	*error = mpr_need_text("%s: %s", argv[0], option->why);
	return -EINVAL;
}

int mpr_check_scopes(char *const *argv, char **error)
{
	int err = 0;

	for (argv++; *argv && !err; argv += mpr_option_words(argv)) {
		const struct mpr_qemu_option *option = mpr_qemu_option(*argv);

		if (option)
			err = check_scope(option, argv, error);
		else if (**argv == '-' && !mpr_is_remote_option(*argv))
			err = unknown(*argv, error);
	}
	return err;
}

int mpr_check_supervision(char *const *argv, char **error)
{
	if (!mpr_has_option(argv, "daemonize"))
		return 0;
	*error = mpr_need_text("-daemonize: %s", mpr_qemu_option("-daemonize")->why);
	return -EINVAL;
}

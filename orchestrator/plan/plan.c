/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/plan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/config_file.h"
#include "orchestrator/options/globals.h"
#include "orchestrator/options/qemu_options.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/plan/boot_order.h"
#include "orchestrator/plan/drivers.h"
#include "orchestrator/plan/references.h"
#include "orchestrator/plan/remote_machine.h"
#include "orchestrator/plan/scopes.h"

struct mpr_plan {
	char *const *argv;
	char **said; /* with the options of its configuration files */
	int argc;
	GPtrArray *options; /* struct mpr_remote_option, in the order of argv */
	GPtrArray *globals; /* struct mpr_global */
	GPtrArray *plugins; /* files (-rplugin), ended by NULL */
	struct mpr_drivers *drivers;
	uint64_t *rids;
	size_t remotes;
};

static struct mpr_remote_option *option_at(const struct mpr_plan *plan, size_t i)
{
	return plan->options->pdata[i];
}

size_t mpr_plan_remote_of(const struct mpr_plan *plan, uint64_t rid)
{
	size_t i = 0;

	while (i < plan->remotes && plan->rids[i] != rid)
		i++;
	return i;
}

static int take_option(struct mpr_plan *plan, int position, char **error)
{
	const char *name = plan->argv[position], *text = plan->argv[position + 1];
	struct mpr_remote_option *option;
	size_t remote;
	int err;

	if (!text) {
		*error = mpr_need_text("%s: its value is missing", name);
		return -EINVAL;
	}
	if (mpr_is_option(name, "rplugin")) {
		g_ptr_array_insert(plan->plugins, (int)plan->plugins->len - 1, (char *)text);
		return 0;
	}
	err = mpr_remote_option_parse(name, text, mpr_is_option(name, "rdevice"), &option, error);
	if (err)
		return err;
	g_ptr_array_add(plan->options, option);
	remote = mpr_plan_remote_of(plan, option->rid);
	plan->rids[remote] = option->rid;
	if (remote == plan->remotes)
		plan->remotes++;
	return 0;
}

static int take_options(struct mpr_plan *plan, char **error)
{
	int err = 0;

	for (int i = 1; i < plan->argc && !err; i += (int)mpr_option_words(&plan->argv[i])) {
		if (mpr_is_remote_option(plan->argv[i]))
			err = take_option(plan, i, error);
	}
	return err;
}

static int check_options(const struct mpr_plan *plan, char **error)
{
	int err = 0;

	for (size_t i = 0; i < plan->options->len && !err; i++)
		err = mpr_remote_option_check(plan->options, i, error);
	for (size_t i = 0; i < plan->options->len && !err; i++)
		err = mpr_remote_machine_check(plan->options, i, error);
	for (guint i = 0; i < plan->options->len && !err; i++)
		err = mpr_boot_place(plan->options, i, error);
	return err;
}

/* A remote process without an adapter could not be reached by a guest. */
static int check_remotes(const struct mpr_plan *plan, char **error)
{
	for (size_t r = 0; r < plan->remotes; r++) {
		if (mpr_remote_option_first_adapter(plan->options, plan->rids[r]))
			continue;
		*error = mpr_need_text("rid %llu has no adapter: add one with -rdevice "
				       "lsi53c895a,id=ID,rid=%llu",
				       (unsigned long long)plan->rids[r],
				       (unsigned long long)plan->rids[r]);
		return -EINVAL;
	}
	return 0;
}

/* Applies other options to the remote ones. */
static int look_around(struct mpr_plan *plan, char **error)
{
	if (!plan->remotes)
		return 0;
	g_strfreev(plan->said);
	plan->said = mpr_config_expand(plan->argv, error);
	if (!plan->said || mpr_check_scopes(plan->said, error))
		return -EINVAL;
	g_ptr_array_unref(plan->globals);
	plan->globals = mpr_globals_parse(plan->said);
	mpr_sets_apply(plan->argv, plan->options);
	for (size_t i = 0; i < plan->options->len; i++)
		mpr_globals_apply(plan->globals, option_at(plan, i));
	return 0;
}

int mpr_plan_create(char *const *argv, struct mpr_plan **result, char **error)
{
	struct mpr_plan *plan = mpr_need_array(1, sizeof(*plan));
	int err;

	plan->argv = argv;
	while (argv[plan->argc])
		plan->argc++;
	plan->options = g_ptr_array_new_with_free_func((GDestroyNotify)mpr_remote_option_unref);
	plan->rids = mpr_need_array(plan->argc, sizeof(*plan->rids));
	plan->said = g_strdupv((char **)argv);
	plan->globals = g_ptr_array_new();
	plan->plugins = g_ptr_array_new();
	g_ptr_array_add(plan->plugins, NULL);
	err = take_options(plan, error);
	if (!err)
		err = look_around(plan, error);
	if (!err)
		err = check_options(plan, error);
	if (!err)
		err = check_remotes(plan, error);
	if (!err)
		err = mpr_check_references(plan->said, plan->options, error);
	if (!err)
		err = mpr_boot_check_qemu(plan->said, plan->options, error);
	if (err) {
		mpr_plan_free(plan);
		return err;
	}
	*result = plan;
	return 0;
}

void mpr_plan_free(struct mpr_plan *plan)
{
	g_ptr_array_unref(plan->options);
	g_ptr_array_unref(plan->globals);
	g_ptr_array_unref(plan->plugins);
	mpr_drivers_free(plan->drivers);
	g_strfreev(plan->said);
	free(plan->rids);
	free(plan);
}

size_t mpr_plan_remotes(const struct mpr_plan *plan)
{
	return plan->remotes;
}

uint64_t mpr_plan_rid(const struct mpr_plan *plan, size_t remote)
{
	return plan->rids[remote];
}

GPtrArray *mpr_plan_options(const struct mpr_plan *plan)
{
	return plan->options;
}

char *const *mpr_plan_given(const struct mpr_plan *plan)
{
	return plan->argv;
}

char *const *mpr_plan_said(const struct mpr_plan *plan)
{
	return plan->said;
}

char *const *mpr_plan_plugins(const struct mpr_plan *plan)
{
	return (char *const *)plan->plugins->pdata;
}

struct mpr_drivers *mpr_plan_drivers(struct mpr_plan *plan, const char *program)
{
	if (!plan->drivers)
		plan->drivers = mpr_drivers_create(program, mpr_plan_plugins(plan));
	return plan->drivers;
}

const GPtrArray *mpr_plan_globals(const struct mpr_plan *plan)
{
	return plan->globals;
}

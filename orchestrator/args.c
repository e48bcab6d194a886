/* SPDX-License-Identifier: MIT */
#include "orchestrator/args.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/memory.h"
#include "orchestrator/process.h"
#include "orchestrator/remote_option.h"

struct mpr_plan {
	char *const *argv;
	int argc;
	GPtrArray *options; /* in their order in argv */
	uint64_t *rids;
	size_t remotes;
};

static struct mpr_remote_option *option_at(const struct mpr_plan *plan, size_t i)
{
	return plan->options->pdata[i];
}

/* Whether the argument is option `name`, which QEMU takes with one dash or two. */
static bool is_option(const char *arg, const char *name)
{
	return *arg == '-' && !strcmp(arg + 1 + (arg[1] == '-'), name);
}

static bool is_remote_option(const char *arg)
{
	return is_option(arg, "rdevice") || is_option(arg, "rdrive");
}

static size_t remote_of(const struct mpr_plan *plan, uint64_t rid)
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
	err = mpr_remote_option_parse(name, text, is_option(name, "rdevice"), &option, error);
	if (err)
		return err;
	g_ptr_array_add(plan->options, option);
	remote = remote_of(plan, option->rid);
	plan->rids[remote] = option->rid;
	if (remote == plan->remotes)
		plan->remotes++;
	return 0;
}

static int take_options(struct mpr_plan *plan, char **error)
{
	int err = 0;

	for (int i = 1; i < plan->argc && !err; i++) {
		if (is_remote_option(plan->argv[i]))
			err = take_option(plan, i++, error);
	}
	return err;
}

static int check_options(const struct mpr_plan *plan, char **error)
{
	int err = 0;

	for (size_t i = 0; i < plan->options->len && !err; i++)
		err = mpr_remote_option_check(plan->options, i, error);
	for (size_t i = 0; i < plan->options->len && !err; i++)
		err = mpr_process_check(plan->options, i, error);
	return err;
}

static bool has_adapter(const struct mpr_plan *plan, uint64_t rid)
{
	for (size_t i = 0; i < plan->options->len; i++) {
		if (option_at(plan, i)->rid == rid &&
		    option_at(plan, i)->kind == MPR_REMOTE_ADAPTER)
			return true;
	}
	return false;
}

/* A remote process is there for its adapters. */
static int check_remotes(const struct mpr_plan *plan, char **error)
{
	for (size_t r = 0; r < plan->remotes; r++) {
		if (has_adapter(plan, plan->rids[r]))
			continue;
		*error = mpr_need_text("rid %llu has no adapter: add one with -rdevice "
				       "lsi53c895a,id=ID,rid=%llu",
				       (unsigned long long)plan->rids[r],
				       (unsigned long long)plan->rids[r]);
		return -EINVAL;
	}
	return 0;
}

int mpr_plan_create(char *const *argv, struct mpr_plan **result, char **error)
{
	struct mpr_plan *plan = mpr_need_array(1, sizeof(*plan));
	int err;

	plan->argv = argv;
	while (argv[plan->argc])
		plan->argc++;
	plan->options = g_ptr_array_new_with_free_func((GDestroyNotify)mpr_remote_option_free);
	plan->rids = mpr_need_array(plan->argc, sizeof(*plan->rids));
	err = take_options(plan, error);
	if (!err)
		err = check_options(plan, error);
	if (!err)
		err = check_remotes(plan, error);
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

/* Locking guest memory is for QEMU and for the remotes. */
static char **add_overcommit(const struct mpr_plan *plan, char **next)
{
	for (int i = 1; i + 1 < plan->argc; i++) {
		if (!is_option(plan->argv[i], "overcommit"))
			continue;
		*next++ = mpr_need_text("-overcommit");
		*next++ = mpr_need_text("%s", plan->argv[++i]);
	}
	return next;
}

static char **add_machine(const struct mpr_plan *plan, uint64_t rid, char **next)
{
	char *machine = mpr_process_machine(plan->options, rid);

	if (!machine)
		return next;
	*next++ = mpr_need_text("-machine");
	*next++ = machine;
	return next;
}

char **mpr_plan_remote_argv(const struct mpr_plan *plan, size_t remote, const char *program, int fd)
{
	char **argv = mpr_need_array(2 * plan->options->len + plan->argc + 5, sizeof(*argv));
	char **next = argv;

	*next++ = mpr_need_text("%s", program);
	*next++ = mpr_need_text("%d", fd);
	next = add_overcommit(plan, next);
	next = add_machine(plan, plan->rids[remote], next);
	for (enum mpr_remote_kind kind = 0; kind < MPR_REMOTE_KINDS; kind++) {
		for (size_t i = 0; i < plan->options->len; i++) {
			const struct mpr_remote_option *option = option_at(plan, i);

			if (option->kind != kind || option->rid != plan->rids[remote])
				continue;
			*next++ = mpr_need_text(kind == MPR_REMOTE_DRIVE ? "-drive" : "-device");
			*next++ = mpr_remote_option_value(option);
		}
	}
	return argv;
}

static char *proxy_value(const struct mpr_remote_option *option, int fd)
{
	char *rest = mpr_remote_option_proxy(option);
	char *text = mpr_need_text("pci-proxy-dev,id=%s,socket=%d%s%s",
				   mpr_remote_option_get(option, "id"), fd, *rest ? "," : "", rest);

	free(rest);
	return text;
}

char **mpr_plan_qemu_argv(const struct mpr_plan *plan, const int *fds)
{
	char **argv = mpr_need_array(plan->argc + 1, sizeof(*argv));
	char **next = argv;
	size_t o = 0;

	for (int i = 0; i < plan->argc; i++) {
		const struct mpr_remote_option *option;

		if (i == 0 || !is_remote_option(plan->argv[i])) {
			*next++ = mpr_need_text("%s", plan->argv[i]);
			continue;
		}
		option = option_at(plan, o++);
		if (option->kind == MPR_REMOTE_ADAPTER) {
			*next++ = mpr_need_text("-device");
			*next++ = proxy_value(option, fds[remote_of(plan, option->rid)]);
		}
		i++;
	}
	return argv;
}

void mpr_argv_free(char **argv)
{
	for (char **arg = argv; *arg; arg++)
		free(*arg);
	free(argv);
}

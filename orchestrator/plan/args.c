/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/args.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/plan/boot_order.h"
#include "orchestrator/plan/config_file.h"
#include "orchestrator/plan/globals.h"
#include "orchestrator/plan/process.h"
#include "orchestrator/plan/qemu_options.h"
#include "orchestrator/plan/references.h"
#include "orchestrator/plan/remote_option.h"
#include "orchestrator/plan/scopes.h"

struct mpr_plan {
	char *const *argv;
	char **said; /* what its configuration files say, too */
	int argc;
	GPtrArray *options; /* in their order in argv */
	GPtrArray *globals; /* struct mpr_global */
	uint64_t *rids;
	size_t remotes;
};

static struct mpr_remote_option *option_at(const struct mpr_plan *plan, size_t i)
{
	return plan->options->pdata[i];
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
	err = mpr_remote_option_parse(name, text, mpr_is_option(name, "rdevice"), &option, error);
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
		err = mpr_process_check(plan->options, i, error);
	for (guint i = 0; i < plan->options->len && !err; i++)
		err = mpr_boot_place(plan->options, i, error);
	return err;
}

/* A remote process is there for its adapters. */
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

/* What other options say of them. */
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

char *const *mpr_plan_said(const struct mpr_plan *plan)
{
	return plan->said;
}

const GPtrArray *mpr_plan_globals(const struct mpr_plan *plan)
{
	return plan->globals;
}

/* ---- Command lines ------------------------------------------------------ */

static void add(GPtrArray *argv, const char *word)
{
	g_ptr_array_add(argv, mpr_need_text("%s", word));
}

static void add_words(GPtrArray *argv, char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(argv, words[i]);
}

/* Takes over `value`. */
static void add_pair(GPtrArray *argv, const char *option, char *value)
{
	add(argv, option);
	g_ptr_array_add(argv, value);
}

/* Takes over the option's value. */
static void add_opts(GPtrArray *argv, const char *option, struct mpr_opts *opts,
		     const char *implied)
{
	add_pair(argv, option, mpr_need(mpr_opts_format(opts, implied)));
	mpr_opts_free(opts);
}

static char **finish(GPtrArray *argv)
{
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

/* Both programs spell it alike. Not -mon, for which QEMU would leave out its default
 * monitor. */
static void add_monitor(GPtrArray *argv, int fd)
{
	add_pair(argv, "-chardev", mpr_need_text("socket,id=mpring-qmp,fd=%d", fd));
	add_pair(argv, "-qmp", mpr_need_text("chardev:mpring-qmp"));
}

/* What later QEMUs have for -runas and -chroot. */
static void add_run_with(GPtrArray *argv, const char *text)
{
	const char *user, *root;
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse("-run-with", text, NULL, &opts, &error)) {
		free(error); /* QEMU has a message of its own */
		return;
	}
	user = mpr_opts_get(opts, "user");
	root = mpr_opts_get(opts, "chroot");
	if (user)
		add_pair(argv, "-runas", mpr_need_text("%s", user));
	if (root)
		add_pair(argv, "-chroot", mpr_need_text("%s", root));
	mpr_opts_free(opts);
}

/* Options that are about a process, and so about each. */
static void add_process_options(GPtrArray *argv, const struct mpr_plan *plan)
{
	static const char *const names[] = {"overcommit", "runas", "chroot",
					    "sandbox",	  "name",  "msg"};

	for (char *const *word = plan->said + 1; *word; word += mpr_option_words(word)) {
		if (mpr_is_option(word[0], "run-with") && word[1])
			add_run_with(argv, word[1]);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (mpr_is_option(word[0], names[i]) && word[1])
				add_words(argv, word, 2);
		}
	}
}

/* `monitor` -1: there is none. */
static void begin_remote(GPtrArray *argv, const struct mpr_plan *plan, uint64_t rid, int monitor)
{
	char *machine = mpr_process_machine(plan->options, rid);

	if (!machine && monitor >= 0)
		machine = mpr_need_text("x-remote");
	if (monitor >= 0)
		add_monitor(argv, monitor);
	add_process_options(argv, plan);
	if (machine)
		add_pair(argv, "-machine", machine);
}

/* What each device of a remote adds to its command line. */
static void add_options(GPtrArray *argv, const struct mpr_plan *plan, uint64_t rid)
{
	for (enum mpr_remote_kind kind = 0; kind < MPR_REMOTE_KINDS; kind++) {
		for (size_t i = 0; i < plan->options->len; i++) {
			const struct mpr_remote_option *option = option_at(plan, i);

			if (option->kind != kind || option->rid != rid)
				continue;
			if (kind == MPR_REMOTE_DRIVE)
				add_opts(argv, "-drive", mpr_remote_option_told(option), NULL);
			else
				add_opts(argv, "-device", mpr_remote_option_told(option), "driver");
		}
	}
}

/* Says of each adapter on which socket it is, because others may come that are on
 * sockets of their own. */
static void add_objects(GPtrArray *argv, const struct mpr_plan *plan, uint64_t rid, int fd)
{
	g_autofree char *socket = g_strdup_printf("%d", fd);

	for (size_t i = 0; i < plan->options->len; i++) {
		const struct mpr_remote_option *option = option_at(plan, i);

		if (option->kind == MPR_REMOTE_ADAPTER && option->rid == rid)
			add_opts(argv, "-object", mpr_remote_option_object(option, socket),
				 "qom-type");
	}
}

char **mpr_plan_new_remote_argv(const struct mpr_plan *plan, uint64_t rid, const char *program,
				int monitor)
{
	GPtrArray *argv = g_ptr_array_new();

	add(argv, program);
	begin_remote(argv, plan, rid, monitor);
	return finish(argv);
}

char **mpr_plan_remote_argv(const struct mpr_plan *plan, size_t remote, const char *program, int fd,
			    int monitor)
{
	GPtrArray *argv = g_ptr_array_new();

	add(argv, program);
	if (monitor < 0)
		g_ptr_array_add(argv, mpr_need_text("%d", fd));
	begin_remote(argv, plan, plan->rids[remote], monitor);
	add_options(argv, plan, plan->rids[remote]);
	if (monitor >= 0)
		add_objects(argv, plan, plan->rids[remote], fd);
	return finish(argv);
}

/* Multi-process QEMU's documents give x-pci-proxy-dev a socket=, which is ours; the
 * device that stock QEMU has by that name takes fd=. NULL: this is another. */
static char *documented_proxy(const char *text)
{
	struct mpr_opts *opts;
	const char *driver;
	char *error, *value = NULL;

	if (mpr_opts_parse("-device", text, "driver", &opts, &error)) {
		free(error); /* QEMU has a message of its own */
		return NULL;
	}
	driver = mpr_opts_get(opts, "driver");
	if (driver && !strcmp(driver, "x-pci-proxy-dev") && mpr_opts_get(opts, "socket")) {
		mpr_need_ok(mpr_opts_set(opts, "driver", "pci-proxy-dev"));
		value = mpr_need(mpr_opts_format(opts, "driver"));
	}
	mpr_opts_free(opts);
	return value;
}

static void add_device(GPtrArray *argv, const char *option, const char *text)
{
	char *proxy = documented_proxy(text);

	add_pair(argv, option, proxy ? proxy : mpr_need_text("%s", text));
}

static bool is_remote_set(const struct mpr_plan *plan, char *const *word)
{
	return mpr_is_option(word[0], "set") && word[1] &&
	       mpr_set_is_remote(word[1], plan->options);
}

static void add_proxy(GPtrArray *argv, const struct mpr_plan *plan,
		      const struct mpr_remote_option *option, const int *fds)
{
	g_autofree char *socket = NULL, *order = NULL;
	struct mpr_opts *proxy;

	if (option->kind != MPR_REMOTE_ADAPTER)
		return;
	socket = g_strdup_printf("%d", fds[remote_of(plan, option->rid)]);
	order = mpr_boot_order(plan->options, option);
	proxy = mpr_remote_option_proxy(option, socket);
	if (*order)
		mpr_need_ok(mpr_opts_set(proxy, "boot-order", order));
	add_opts(argv, "-device", proxy, "driver");
}

char **mpr_plan_qemu_argv(const struct mpr_plan *plan, const int *fds, int monitor)
{
	GPtrArray *argv = g_ptr_array_new();
	size_t o = 0;

	add(argv, plan->argv[0]);
	for (char *const *word = plan->argv + 1; *word;) {
		size_t words = mpr_option_words(word);

		if (mpr_is_remote_option(*word))
			add_proxy(argv, plan, option_at(plan, o++), fds);
		else if (mpr_is_option(*word, "device") && words == 2)
			add_device(argv, word[0], word[1]);
		else if (!is_remote_set(plan, word))
			add_words(argv, word, words);
		word += words;
	}
	if (monitor >= 0)
		add_monitor(argv, monitor);
	return finish(argv);
}

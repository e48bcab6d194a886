/* SPDX-License-Identifier: MIT */
#include "orchestrator/plan/argv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/options/globals.h"
#include "orchestrator/options/qemu_options.h"
#include "orchestrator/options/remote_option.h"
#include "orchestrator/plan/boot_order.h"
#include "orchestrator/plan/remote_machine.h"

static const struct mpr_remote_option *option_at(const struct mpr_plan *plan, size_t i)
{
	return mpr_plan_options(plan)->pdata[i];
}

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

/* Takes over `opts`. */
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

/* The same options for QEMU and for a remote. Not -mon, which would make QEMU omit its default
 * monitor. */
static void add_monitor(GPtrArray *argv, int fd)
{
	add_pair(argv, "-chardev", mpr_need_text("socket,id=mpring-qmp,fd=%d", fd));
	add_pair(argv, "-qmp", mpr_need_text("chardev:mpring-qmp"));
}

/* The form in which later versions of QEMU take -runas and -chroot. */
static void add_run_with(GPtrArray *argv, const char *text)
{
	const char *user, *root;
	struct mpr_opts *opts;
	char *error;

	if (mpr_opts_parse("-run-with", text, NULL, &opts, &error)) {
		free(error); /* QEMU will report it */
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

/* Options of QEMU that hold for each process of the machine. */
static void add_process_options(GPtrArray *argv, const struct mpr_plan *plan)
{
	static const char *const names[] = {"overcommit", "runas", "chroot",
					    "sandbox",	  "name",  "msg"};

	for (char *const *word = mpr_plan_said(plan) + 1; *word; word += mpr_option_words(word)) {
		if (mpr_is_option(word[0], "run-with") && word[1])
			add_run_with(argv, word[1]);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (mpr_is_option(word[0], names[i]) && word[1])
				add_words(argv, word, 2);
		}
	}
}

/* What comes before the devices. `monitor` -1: none. */
static void begin_remote(GPtrArray *argv, const struct mpr_plan *plan, uint64_t rid, int monitor)
{
	char *machine = mpr_remote_machine_value(mpr_plan_options(plan), rid);

	if (!machine && monitor >= 0)
		machine = mpr_need_text("x-remote");
	if (monitor >= 0)
		add_monitor(argv, monitor);
	add_process_options(argv, plan);
	if (machine)
		add_pair(argv, "-machine", machine);
	for (char *const *plugin = mpr_plan_plugins(plan); *plugin; plugin++)
		add_pair(argv, "-plugin", mpr_need_text("%s", *plugin));
}

/* The drives, then the adapters, then the other devices of a remote. */
static void add_options(GPtrArray *argv, const struct mpr_plan *plan, uint64_t rid)
{
	for (enum mpr_remote_kind kind = 0; kind < MPR_REMOTE_KINDS; kind++) {
		for (size_t i = 0; i < mpr_plan_options(plan)->len; i++) {
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

/* Names the socket of each adapter. With a monitor, adapters may be added later that have sockets
 * of their own. */
static void add_objects(GPtrArray *argv, const struct mpr_plan *plan, uint64_t rid, int fd)
{
	g_autofree char *socket = g_strdup_printf("%d", fd);

	for (size_t i = 0; i < mpr_plan_options(plan)->len; i++) {
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
	begin_remote(argv, plan, mpr_plan_rid(plan, remote), monitor);
	add_options(argv, plan, mpr_plan_rid(plan, remote));
	if (monitor >= 0)
		add_objects(argv, plan, mpr_plan_rid(plan, remote), fd);
	return finish(argv);
}

/* Multi-process QEMU's documents say x-pci-proxy-dev,socket=N where mpring's device is called
 * pci-proxy-dev. (Stock QEMU's device of that name takes fd=.) Returns the value with that name, or
 * NULL: the device is another. */
static char *documented_proxy(const char *text)
{
	struct mpr_opts *opts;
	const char *driver;
	char *error, *value = NULL;

	if (mpr_opts_parse("-device", text, "driver", &opts, &error)) {
		free(error); /* QEMU will report it */
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
	       mpr_set_is_remote(word[1], mpr_plan_options(plan));
}

static void add_proxy(GPtrArray *argv, const struct mpr_plan *plan,
		      const struct mpr_remote_option *option, const int *fds)
{
	g_autofree char *socket = NULL, *order = NULL;
	struct mpr_opts *proxy;

	if (option->kind != MPR_REMOTE_ADAPTER)
		return;
	socket = g_strdup_printf("%d", fds[mpr_plan_remote_of(plan, option->rid)]);
	order = mpr_boot_order(mpr_plan_options(plan), option);
	proxy = mpr_remote_option_proxy(option, socket);
	if (*order)
		mpr_need_ok(mpr_opts_set(proxy, "boot-order", order));
	add_opts(argv, "-device", proxy, "driver");
}

char **mpr_plan_qemu_argv(const struct mpr_plan *plan, const int *fds, int monitor)
{
	GPtrArray *argv = g_ptr_array_new();
	size_t o = 0;

	add(argv, mpr_plan_given(plan)[0]);
	for (char *const *word = mpr_plan_given(plan) + 1; *word;) {
		size_t words = mpr_option_words(word);

		if (mpr_is_option(*word, "rplugin"))
			; /* the remotes' */
		else if (mpr_is_remote_option(*word))
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

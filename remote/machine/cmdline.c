/* SPDX-License-Identifier: MIT */
#include "remote/machine/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/machine/help.h"
#include "ring/window.h"

/* ---- Options whose words are read at once ------------------------------- */

static int read_machine(struct mpr_cmdline *cmdline, const struct mpr_opts *opts, char **error)
{
	static const char *const known[] = {"type", "sqpoll", "poll-us", "cpu", "numa-node", NULL};
	const char *type = mpr_opts_get(opts, "type");
	int ret = mpr_opts_check(opts, known, error);

	if (ret == 0 && (!type || strcmp(type, "x-remote"))) {
		*error = mpr_errorf("%s: the machine of a device process is x-remote",
				    mpr_opts_text(opts));
		ret = -EINVAL;
	}
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "sqpoll", &cmdline->sqpoll, error);
	if (ret == 0)
		ret = mpr_opts_get_uint(opts, "poll-us", 0, MPR_WINDOW_MAX_US, &cmdline->poll_us,
					error);
	return ret == 0 ? mpr_placement_parse(opts, &cmdline->placement, error) : ret;
}

static int read_overcommit(struct mpr_cmdline *cmdline, const struct mpr_opts *opts, char **error)
{
	/* cpu-pm is for whoever runs the guest's processors. */
	static const char *const known[] = {"mem-lock", "cpu-pm", NULL};
	int ret = mpr_opts_check(opts, known, error);

	return ret == 0 ? mpr_opts_get_bool(opts, "mem-lock", &cmdline->lock_memory, error) : ret;
}

/* The machine's name. The process is not renamed, and its threads have no names. */
static int read_name(struct mpr_cmdline *cmdline, const struct mpr_opts *opts, char **error)
{
	static const char *const known[] = {"guest", "process", "debug-threads", NULL};
	const char *guest = mpr_opts_get(opts, "guest");
	int ret = mpr_opts_check(opts, known, error);

	if (ret < 0 || !guest)
		return ret;
	free(cmdline->guest);
	cmdline->guest = strdup(guest);
	return cmdline->guest ? 0 : -ENOMEM;
}

static int read_messages(struct mpr_cmdline *cmdline, const struct mpr_opts *opts, char **error)
{
	static const char *const known[] = {"timestamp", "guest-name", NULL};
	int ret = mpr_opts_check(opts, known, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "timestamp", &cmdline->timestamp, error);
	return ret == 0 ? mpr_opts_get_bool(opts, "guest-name", &cmdline->guest_in_log, error)
			: ret;
}

static int read_sandbox(struct mpr_cmdline *cmdline, const struct mpr_opts *opts, char **error)
{
	return mpr_sandbox_parse(opts, &cmdline->sandbox, error);
}

/* ---- The options -------------------------------------------------------- */

enum kind {
	KIND_LIST,   /* put on a list */
	KIND_DEVICE, /* the same, by the driver's own name */
	KIND_READ,   /* its words are read at once */
	KIND_TEXT,   /* kept as it is */
	KIND_USER,   /* -runas */
	KIND_PLUGIN,
	KIND_FLAG,
	KIND_IGNORED, /* asks for what every device process does anyway */
};

struct option {
	const char *name;
	enum kind kind;
	size_t where; /* in struct mpr_cmdline */
	const char *implied;
	int (*read)(struct mpr_cmdline *cmdline, const struct mpr_opts *opts, char **error);
};

#define AT(member) offsetof(struct mpr_cmdline, member)

static const struct option options[] = {
	{"-device", KIND_DEVICE, AT(devices), "driver", NULL},
	{"-plugin", KIND_PLUGIN, 0, NULL, NULL},
	{"-drive", KIND_LIST, AT(drives), NULL, NULL},
	{"-blockdev", KIND_LIST, AT(blockdevs), "driver", NULL},
	{"-object", KIND_LIST, AT(objects), "qom-type", NULL},
	{"-chardev", KIND_LIST, AT(chardevs), "backend", NULL},
	{"-monitor", KIND_LIST, AT(monitors), "backend", NULL},
	{"-qmp", KIND_LIST, AT(qmps), "backend", NULL},
	{"-qmp-pretty", KIND_LIST, AT(pretty_qmps), "backend", NULL},
	{"-mon", KIND_LIST, AT(mons), "chardev", NULL},
	{"-machine", KIND_READ, 0, "type", read_machine},
	{"-M", KIND_READ, 0, "type", read_machine},
	{"-overcommit", KIND_READ, 0, NULL, read_overcommit},
	{"-runas", KIND_USER, 0, NULL, NULL},
	{"-chroot", KIND_TEXT, AT(privileges.root), NULL, NULL},
	{"-sandbox", KIND_READ, 0, "enable", read_sandbox},
	{"-name", KIND_READ, 0, "guest", read_name},
	{"-msg", KIND_READ, 0, NULL, read_messages},
	{"-pidfile", KIND_TEXT, AT(pidfile), NULL, NULL},
	{"-D", KIND_TEXT, AT(log_file), NULL, NULL},
	{"-d", KIND_TEXT, AT(log_items), NULL, NULL},
	{"-daemonize", KIND_FLAG, AT(daemonize), NULL, NULL},
	{"-nodefaults", KIND_IGNORED, 0, NULL, NULL},
	{"-no-user-config", KIND_IGNORED, 0, NULL, NULL},
	{"-nographic", KIND_IGNORED, 0, NULL, NULL},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

static int unknown_option(const char *name, char **error)
{
	const char *names[OPTION_COUNT + 4] = {"-h", "-help", "-version"};
	const char *nearest;

	for (size_t i = 0; i < OPTION_COUNT; i++)
		names[3 + i] = options[i].name;
	nearest = mpr_nearest(name, names);
	if (nearest)
		*error = mpr_errorf("%s: no such option (did you mean %s?)", name, nearest);
	else
		*error = mpr_errorf("%s: no such option (-help lists them)", name);
	return -EINVAL;
}

static int add_option(struct mpr_option_list *list, const struct option *option, const char *text,
		      char **error)
{
	struct mpr_opts *opts;
	int ret;

	ret = mpr_opts_parse(option->name, text, option->implied, &opts, error);
	if (ret < 0)
		return ret;
	ret = mpr_option_add(list, opts);
	if (ret < 0)
		mpr_opts_free(opts);
	return ret;
}

static int read_words(struct mpr_cmdline *cmdline, const struct option *option, const char *text,
		      char **error)
{
	struct mpr_opts *opts;
	int ret = mpr_opts_parse(option->name, text, option->implied, &opts, error);

	if (ret < 0)
		return ret;
	ret = option->read(cmdline, opts, error);
	mpr_opts_free(opts);
	return ret;
}

static int parse_argument(struct mpr_cmdline *cmdline, const struct option *option,
			  const char *argument, char **error)
{
	void *where = (char *)cmdline + option->where;
	const struct mpr_option_list *list = where;
	int ret;

	switch (option->kind) {
	case KIND_TEXT:
		*(const char **)where = argument;
		return 0;
	case KIND_READ:
		return read_words(cmdline, option, argument, error);
	case KIND_PLUGIN:
		return mpr_plugin_load(&cmdline->models, argument, error);
	case KIND_USER:
		return mpr_privileges_set_user(&cmdline->privileges, argument, error);
	default:
		ret = add_option(where, option, argument, error);
		if (ret == 0 && option->kind == KIND_DEVICE)
			ret = mpr_opts_resolve_driver(list->opts[list->count - 1]);
		return ret;
	}
}

/* "--device" is "-device". */
static const char *one_dash(const char *option)
{
	return option[0] == '-' && option[1] == '-' ? option + 1 : option;
}

static int set_fd(struct mpr_cmdline *cmdline, const char *text, char **error)
{
	if (cmdline->fd) {
		*error = mpr_errorf("%s: only one file descriptor may stand alone, and there is "
				    "%s already",
				    text, cmdline->fd);
		return -EINVAL;
	}
	cmdline->fd = text;
	return 0;
}

/* Takes one option, and what belongs to it, from argv. Returns how many. */
static int parse_next(struct mpr_cmdline *cmdline, char **argv, char **error)
{
	const char *name = one_dash(argv[0]);
	const struct option *option = find_option(name);
	int ret;

	if (name[0] != '-') {
		ret = set_fd(cmdline, argv[0], error);
		return ret < 0 ? ret : 1;
	}
	if (mpr_help_general(name)) {
		cmdline->help = true;
		return 1;
	}
	if (!option)
		return unknown_option(argv[0], error);
	if (option->kind == KIND_FLAG)
		*(bool *)((char *)cmdline + option->where) = true;
	if (option->kind == KIND_FLAG || option->kind == KIND_IGNORED)
		return 1;
	if (!argv[1]) {
		*error = mpr_errorf("%s: an argument is missing", argv[0]);
		return -EINVAL;
	}
	ret = parse_argument(cmdline, option, argv[1], error);
	return ret < 0 ? ret : 2;
}

static int check_link(int argc, char **argv, char **error)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	if (strcmp(name, MPR_LINK_NAME) || (argc > 1 && isdigit(argv[1][0])) || argc == 2)
		return 0;
	*error = mpr_errorf("%s: the socket's file descriptor number must be the first argument",
			    name);
	return -EINVAL;
}

/* The kernel thread of sqpoll= keeps the credentials with which it was created. */
static int check_rights(const struct mpr_cmdline *cmdline, char **error)
{
	if (!cmdline->privileges.user || !cmdline->sqpoll)
		return 0;
	*error = mpr_errorf("-runas %s: with sqpoll=on a thread of the kernel's would go on as the "
			    "user of now: leave one of them out",
			    cmdline->privileges.user);
	return -EINVAL;
}

int mpr_cmdline_parse(struct mpr_cmdline *cmdline, int argc, char **argv,
		      const struct mpr_model *const *models, char **error)
{
	*cmdline = (struct mpr_cmdline){
		.poll_us = MPR_WINDOW_DEFAULT_US,
		.placement.node = -1,
	};
	*error = NULL;
	if (mpr_models_init(&cmdline->models, models) < 0)
		return -ENOMEM;
	if (check_link(argc, argv, error) < 0)
		return -EINVAL;
	for (int i = 1; i < argc && !cmdline->help;) {
		int taken = parse_next(cmdline, argv + i, error);

		if (taken < 0)
			return taken;
		i += taken;
	}
	for (size_t i = 0; i < cmdline->devices.count; i++)
		cmdline->help |= mpr_help_device(cmdline->devices.opts[i], cmdline->models.list);
	return check_rights(cmdline, error);
}

void mpr_cmdline_free(struct mpr_cmdline *cmdline)
{
	mpr_models_free(&cmdline->models);
	free(cmdline->guest);
	free(cmdline->privileges.name);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (options[i].kind == KIND_LIST || options[i].kind == KIND_DEVICE)
			mpr_option_list_free((void *)((char *)cmdline + options[i].where));
}

static bool has_place(const struct mpr_option_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *backend = mpr_opts_get(list->opts[i], "backend");

		if (backend && strcmp(backend, "none") && strcmp(backend, "null"))
			return true;
	}
	return false;
}

bool mpr_cmdline_has_monitor(const struct mpr_cmdline *cmdline)
{
	return has_place(&cmdline->monitors) || has_place(&cmdline->qmps) ||
	       has_place(&cmdline->pretty_qmps) || cmdline->mons.count;
}

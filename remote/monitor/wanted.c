/* SPDX-License-Identifier: MIT */
#include "remote/monitor/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote/process/inherited.h"

static const char *const short_properties[] = {"backend", "server",  "nowait",
					       "wait",	  "nodelay", NULL};
static const char *const socket_properties[] = {"backend", "id",     "path", "fd",
						"server",  "nowait", "wait", NULL};
static const char *const stdio_properties[] = {"backend", "id", "signal", "mux", NULL};

static int fail(const struct mpr_opts *opts, const char *why, char **error)
{
	*error = mpr_errorf("%s: %s", mpr_opts_text(opts), why);
	return -EINVAL;
}

/* ---- One monitor -------------------------------------------------------- */

/* fd=N is a connected socket, so nothing about listening applies. */
static int check_inherited(const struct mpr_opts *opts, char **error)
{
	static const char *const others[] = {"path", "server", "wait", "nowait"};
	char *why = NULL;
	int fd, ret;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!mpr_opts_get(opts, others[i]))
			continue;
		*error = mpr_errorf("%s: fd is a connected socket: leave %s out",
				    mpr_opts_text(opts), others[i]);
		return -EINVAL;
	}
	if (mpr_inherited_socket(mpr_opts_get(opts, "fd"), &fd, &why) == 0)
		return 0;
	ret = fail(opts, why ? why : "out of memory", error);
	free(why);
	return ret;
}

/* `remedy` says what to give in place of a backend that is not supported here. */
static int get_place(const struct mpr_opts *opts, const char *remedy,
		     struct mpr_wanted_monitor *monitor, char **error)
{
	struct mpr_chardev *chardev = &monitor->chardev;
	int ret = mpr_chardev_parse(opts, chardev, error);

	if (ret < 0)
		return ret;
	if (chardev->kind == MPR_CHARDEV_OTHER || chardev->kind == MPR_CHARDEV_TCP)
		return fail(opts, remedy, error);
	if (chardev->wait)
		return fail(opts, "nobody is waited for here: add wait=off", error);
	return 0;
}

static int get_chardev(const struct mpr_opts *opts, struct mpr_wanted_monitor *monitor,
		       char **error)
{
	static const char *const backends[] = {"socket", "stdio", "null", NULL};
	unsigned backend = 2;
	int ret = mpr_opts_get_enum(opts, "backend", backends, &backend, error);

	if (ret == 0)
		ret = mpr_opts_check(opts, backend ? stdio_properties : socket_properties, error);
	if (ret == 0 && mpr_opts_get(opts, "fd"))
		ret = check_inherited(opts, error);
	return ret ? ret : get_place(opts, "give path=PATH or fd=N", monitor, error);
}

static int find_chardev(const struct mpr_cmdline *cmdline, const char *id,
			struct mpr_wanted_monitor *monitor, char **error)
{
	const struct mpr_opts *found = id ? mpr_option_find(&cmdline->chardevs, id) : NULL;

	if (found)
		return get_chardev(found, monitor, error);
	*error = mpr_errorf("%s: no -chardev \"%s\"", mpr_opts_text(monitor->opts), id ? id : "");
	return -EINVAL;
}

static int get_short(const struct mpr_cmdline *cmdline, struct mpr_opts *opts,
		     struct mpr_wanted_monitor *monitor, char **error)
{
	const char *backend = mpr_opts_get(opts, "backend");
	int ret = mpr_opts_check(opts, short_properties, error);

	if (ret == 0 && backend && !strncmp(backend, "chardev:", 8))
		return find_chardev(cmdline, backend + 8, monitor, error);
	if (ret == 0)
		ret = mpr_chardev_expand(opts);
	if (ret == 0)
		ret = get_place(opts, "give unix:PATH,server,nowait, stdio, chardev:ID or none",
				monitor, error);
	return ret;
}

static int get_mon(const struct mpr_cmdline *cmdline, const struct mpr_opts *opts,
		   struct mpr_wanted_monitor *monitor, char **error)
{
	const char *id;
	int ret = mpr_mon_parse(opts, &id, &monitor->mode, error);

	return ret ? ret : find_chardev(cmdline, id, monitor, error);
}

/* ---- All ---------------------------------------------------------------- */

struct parse {
	const struct mpr_cmdline *cmdline;
	struct mpr_wanted_monitor *next;
	char **error;
};

static int parse_list(struct parse *parse, const struct mpr_option_list *list,
		      enum mpr_monitor_mode mode)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < list->count; i++) {
		struct mpr_wanted_monitor *monitor = parse->next++;

		*monitor = (struct mpr_wanted_monitor){.mode = mode, .opts = list->opts[i]};
		if (list == &parse->cmdline->mons)
			ret = get_mon(parse->cmdline, list->opts[i], monitor, parse->error);
		else
			ret = get_short(parse->cmdline, list->opts[i], monitor, parse->error);
	}
	return ret;
}

static int check_stdio(const struct mpr_cmdline *cmdline, const struct mpr_wanted_monitor *monitors,
		       size_t count, char **error)
{
	const struct mpr_wanted_monitor *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (monitors[i].chardev.kind != MPR_CHARDEV_STDIO)
			continue;
		if (first || cmdline->daemonize) {
			*error = mpr_errorf("%s: standard input and output %s%s",
					    mpr_opts_text(monitors[i].opts),
					    first ? "are used by " : "are closed by -daemonize",
					    first ? mpr_opts_text(first->opts) : "");
			return -EINVAL;
		}
		first = &monitors[i];
	}
	return 0;
}

int mpr_wanted_monitors_parse(const struct mpr_cmdline *cmdline,
			      struct mpr_wanted_monitor **monitors, size_t *count, char **error)
{
	struct parse parse = {.cmdline = cmdline, .error = error};
	int ret;

	*count = cmdline->monitors.count + cmdline->qmps.count + cmdline->pretty_qmps.count +
		 cmdline->mons.count;
	*monitors = parse.next = calloc(*count + 1, sizeof(**monitors));
	if (!*monitors)
		return -ENOMEM;
	ret = parse_list(&parse, &cmdline->monitors, MPR_MONITOR_HMP);
	if (ret == 0)
		ret = parse_list(&parse, &cmdline->qmps, MPR_MONITOR_QMP);
	if (ret == 0)
		ret = parse_list(&parse, &cmdline->pretty_qmps, MPR_MONITOR_QMP_PRETTY);
	if (ret == 0)
		ret = parse_list(&parse, &cmdline->mons, MPR_MONITOR_HMP);
	return ret == 0 ? check_stdio(cmdline, *monitors, *count, error) : ret;
}

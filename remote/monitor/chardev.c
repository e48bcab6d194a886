/* SPDX-License-Identifier: MIT */
#include "remote/monitor/chardev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "remote/process/inherited.h"

static const char *const short_properties[] = {"backend", "server",  "nowait",
					       "wait",	  "nodelay", NULL};
static const char *const socket_properties[] = {"backend", "id",     "path", "fd",
						"server",  "nowait", "wait", NULL};
static const char *const stdio_properties[] = {"backend", "id", "signal", "mux", NULL};
static const char *const mon_properties[] = {"chardev", "mode", "pretty", "id", NULL};

/* ---- Sockets ------------------------------------------------------------ */

static int check_path(const struct mpr_opts *opts, const char *path, char **error)
{
	struct sockaddr_un address;

	if (path && *path && strlen(path) < sizeof(address.sun_path))
		return 0;
	*error = mpr_errorf("%s: path must have 1 to %zu bytes", mpr_opts_text(opts),
			    sizeof(address.sun_path) - 1);
	return -EINVAL;
}

/* "server,nowait" and "server=on,wait=off" are the same. */
static int get_socket(const struct mpr_opts *opts, const char *path, struct mpr_chardev *chardev,
		      char **error)
{
	bool server = false, wait = true, nowait = false;
	int ret = check_path(opts, path, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "server", &server, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "wait", &wait, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "nowait", &nowait, error);
	if (ret == 0 && server && wait && !nowait) {
		*error = mpr_errorf("%s: nobody is waited for here: add wait=off",
				    mpr_opts_text(opts));
		ret = -EINVAL;
	}
	chardev->kind = server ? MPR_CHARDEV_LISTEN : MPR_CHARDEV_CONNECT;
	chardev->path = path;
	return ret;
}

/* "fd=N": it is connected, so there is nobody to wait for. */
static int get_inherited(const struct mpr_opts *opts, struct mpr_chardev *chardev, char **error)
{
	static const char *const others[] = {"path", "server", "wait", "nowait"};
	char *why = NULL;

	chardev->kind = MPR_CHARDEV_INHERITED;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!mpr_opts_get(opts, others[i]))
			continue;
		*error = mpr_errorf("%s: fd is a connected socket: leave %s out",
				    mpr_opts_text(opts), others[i]);
		return -EINVAL;
	}
	if (mpr_inherited_socket(mpr_opts_get(opts, "fd"), &chardev->fd, &why) == 0)
		return 0;
	*error = mpr_errorf("%s: %s", mpr_opts_text(opts), why ? why : "out of memory");
	free(why);
	return -EINVAL;
}

/* ---- -chardev ----------------------------------------------------------- */

static int get_chardev(const struct mpr_opts *opts, struct mpr_chardev *chardev, char **error)
{
	static const char *const backends[] = {"socket", "stdio", "null", NULL};
	unsigned backend = 2;
	int ret = mpr_opts_get_enum(opts, "backend", backends, &backend, error);

	if (ret == 0)
		ret = mpr_opts_check(opts, backend ? stdio_properties : socket_properties, error);
	if (ret == 0 && backend == 0)
		ret = mpr_opts_get(opts, "fd")
			      ? get_inherited(opts, chardev, error)
			      : get_socket(opts, mpr_opts_get(opts, "path"), chardev, error);
	if (backend)
		chardev->kind = backend == 1 ? MPR_CHARDEV_STDIO : MPR_CHARDEV_NONE;
	return ret;
}

static int find_chardev(const struct mpr_cmdline *cmdline, const struct mpr_opts *opts,
			const char *id, struct mpr_chardev *chardev, char **error)
{
	const struct mpr_opts *found = id ? mpr_option_find(&cmdline->chardevs, id) : NULL;

	if (found)
		return get_chardev(found, chardev, error);
	*error = mpr_errorf("%s: no -chardev \"%s\"", mpr_opts_text(opts), id ? id : "");
	return -EINVAL;
}

/* ---- -monitor, -qmp and -mon -------------------------------------------- */

static int get_short(const struct mpr_cmdline *cmdline, const struct mpr_opts *opts,
		     struct mpr_chardev *chardev, char **error)
{
	const char *backend = mpr_opts_get(opts, "backend");
	int ret = mpr_opts_check(opts, short_properties, error);

	if (ret < 0)
		return ret;
	if (backend && !strcmp(backend, "stdio"))
		chardev->kind = MPR_CHARDEV_STDIO;
	else if (backend && (!strcmp(backend, "none") || !strcmp(backend, "null")))
		chardev->kind = MPR_CHARDEV_NONE;
	else if (backend && !strncmp(backend, "unix:", 5))
		ret = get_socket(opts, backend + 5, chardev, error);
	else if (backend && !strncmp(backend, "chardev:", 8))
		ret = find_chardev(cmdline, opts, backend + 8, chardev, error);
	else {
		*error = mpr_errorf("%s: give unix:PATH,server,nowait, stdio, chardev:ID or none",
				    mpr_opts_text(opts));
		ret = -EINVAL;
	}
	return ret;
}

static int get_mon(const struct mpr_cmdline *cmdline, const struct mpr_opts *opts,
		   struct mpr_chardev *chardev, char **error)
{
	static const char *const modes[] = {"readline", "control", NULL};
	unsigned mode = 0;
	bool pretty = false;
	int ret = mpr_opts_check(opts, mon_properties, error);

	if (ret == 0)
		ret = mpr_opts_get_enum(opts, "mode", modes, &mode, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "pretty", &pretty, error);
	if (ret == 0)
		ret = find_chardev(cmdline, opts, mpr_opts_get(opts, "chardev"), chardev, error);
	if (mode)
		chardev->mode = pretty ? MPR_MONITOR_QMP_PRETTY : MPR_MONITOR_QMP;
	return ret;
}

struct parse {
	const struct mpr_cmdline *cmdline;
	struct mpr_chardev *next;
	char **error;
};

static int parse_list(struct parse *parse, const struct mpr_option_list *list,
		      enum mpr_monitor_mode mode)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < list->count; i++) {
		struct mpr_chardev *chardev = parse->next++;

		*chardev = (struct mpr_chardev){.mode = mode, .opts = list->opts[i]};
		if (list == &parse->cmdline->mons)
			ret = get_mon(parse->cmdline, list->opts[i], chardev, parse->error);
		else
			ret = get_short(parse->cmdline, list->opts[i], chardev, parse->error);
	}
	return ret;
}

static int check_stdio(const struct mpr_cmdline *cmdline, const struct mpr_chardev *chardevs,
		       size_t count, char **error)
{
	const struct mpr_chardev *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (chardevs[i].kind != MPR_CHARDEV_STDIO)
			continue;
		if (first || cmdline->daemonize) {
			*error = mpr_errorf("%s: standard input and output %s%s",
					    mpr_opts_text(chardevs[i].opts),
					    first ? "are used by " : "are closed by -daemonize",
					    first ? mpr_opts_text(first->opts) : "");
			return -EINVAL;
		}
		first = &chardevs[i];
	}
	return 0;
}

int mpr_chardevs_parse(const struct mpr_cmdline *cmdline, struct mpr_chardev **chardevs,
		       size_t *count, char **error)
{
	struct parse parse = {.cmdline = cmdline, .error = error};
	int ret;

	*count = cmdline->monitors.count + cmdline->qmps.count + cmdline->pretty_qmps.count +
		 cmdline->mons.count;
	*chardevs = parse.next = calloc(*count + 1, sizeof(**chardevs));
	if (!*chardevs)
		return -ENOMEM;
	ret = parse_list(&parse, &cmdline->monitors, MPR_MONITOR_HMP);
	if (ret == 0)
		ret = parse_list(&parse, &cmdline->qmps, MPR_MONITOR_QMP);
	if (ret == 0)
		ret = parse_list(&parse, &cmdline->pretty_qmps, MPR_MONITOR_QMP_PRETTY);
	if (ret == 0)
		ret = parse_list(&parse, &cmdline->mons, MPR_MONITOR_HMP);
	return ret == 0 ? check_stdio(cmdline, *chardevs, *count, error) : ret;
}

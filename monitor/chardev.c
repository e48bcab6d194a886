/* SPDX-License-Identifier: MIT */
#include "monitor/chardev.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* ---- The short form ------------------------------------------------------ */

static int set_host_port(struct mpr_opts *opts, const char *host, size_t len, const char *port)
{
	char *copy = strndup(host, len);
	int ret = copy ? mpr_opts_set(opts, "host", copy) : -ENOMEM;

	free(copy);
	if (ret == 0)
		ret = mpr_opts_set(opts, "port", port);
	return ret;
}

/* "HOST:PORT", "[HOST]:PORT" or ":PORT". */
static int expand_tcp(struct mpr_opts *opts, const char *text)
{
	const char *colon = strrchr(text, ':');
	bool brackets = *text == '[' && colon && colon > text && colon[-1] == ']';
	int ret;

	if (!colon || !colon[1])
		return 0;
	ret = set_host_port(opts, text + brackets, (size_t)(colon - text) - 2 * brackets,
			    colon + 1);
	return ret ? ret : mpr_opts_set(opts, "backend", "socket");
}

int mpr_chardev_expand(struct mpr_opts *opts)
{
	const char *backend = mpr_opts_get(opts, "backend");
	int ret;

	if (backend && !strncmp(backend, "tcp:", 4))
		return expand_tcp(opts, backend + 4);
	if (!backend || strncmp(backend, "unix:", 5))
		return 0;
	ret = mpr_opts_set(opts, "path", backend + 5);
	return ret ? ret : mpr_opts_set(opts, "backend", "socket");
}

/* ---- -chardev ------------------------------------------------------------ */

static int get_path(const struct mpr_opts *opts, const char *path, char **error)
{
	struct sockaddr_un address;

	if (*path && strlen(path) < sizeof(address.sun_path))
		return 0;
	*error = mpr_errorf("%s: path must have 1 to %zu bytes", mpr_opts_text(opts),
			    sizeof(address.sun_path) - 1);
	return -EINVAL;
}

static int get_fd(const struct mpr_opts *opts, int *fd, char **error)
{
	uint64_t value = 0;
	int ret = mpr_opts_get_uint(opts, "fd", 0, INT_MAX, &value, error);

	*fd = (int)value;
	return ret;
}

/* "server,nowait" and "server=on,wait=off" are the same. */
static int get_server(const struct mpr_opts *opts, struct mpr_chardev *chardev, char **error)
{
	bool wait = true, nowait = false;
	int ret = mpr_opts_get_bool(opts, "server", &chardev->server, error);

	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "wait", &wait, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "nowait", &nowait, error);
	chardev->wait = chardev->server && wait && !nowait;
	return ret;
}

static int parse_socket(const struct mpr_opts *opts, struct mpr_chardev *chardev, char **error)
{
	int ret = 0;

	chardev->path = mpr_opts_get(opts, "path");
	chardev->port = mpr_opts_get(opts, "port");
	chardev->host = mpr_opts_get(opts, "host");
	if (!chardev->host)
		chardev->host = "";
	if (chardev->path) {
		chardev->kind = MPR_CHARDEV_UNIX;
		ret = get_path(opts, chardev->path, error);
	} else if (mpr_opts_get(opts, "fd")) {
		chardev->kind = MPR_CHARDEV_FD;
		ret = get_fd(opts, &chardev->fd, error);
	} else if (chardev->port) {
		chardev->kind = MPR_CHARDEV_TCP;
	}
	return ret ? ret : get_server(opts, chardev, error);
}

int mpr_chardev_parse(const struct mpr_opts *opts, struct mpr_chardev *chardev, char **error)
{
	const char *backend = mpr_opts_get(opts, "backend");

	*chardev = (struct mpr_chardev){.fd = -1, .signals = true};
	if (!backend)
		return 0;
	if (!strcmp(backend, "socket"))
		return parse_socket(opts, chardev, error);
	if (!strcmp(backend, "stdio"))
		chardev->kind = MPR_CHARDEV_STDIO;
	else if (!strcmp(backend, "null") || !strcmp(backend, "none"))
		chardev->kind = MPR_CHARDEV_NONE;
	return mpr_opts_get_bool(opts, "signal", &chardev->signals, error);
}

/* ---- -mon ---------------------------------------------------------------- */

int mpr_mon_parse(const struct mpr_opts *opts, const char **chardev, enum mpr_monitor_mode *mode,
		  char **error)
{
	static const char *const keys[] = {"chardev", "mode", "pretty", "id", NULL};
	static const char *const modes[] = {"readline", "control", NULL};
	unsigned control = 0;
	bool pretty = false;
	int ret = mpr_opts_check(opts, keys, error);

	if (ret == 0)
		ret = mpr_opts_get_enum(opts, "mode", modes, &control, error);
	if (ret == 0)
		ret = mpr_opts_get_bool(opts, "pretty", &pretty, error);
	*chardev = mpr_opts_get(opts, "chardev");
	*mode = !control ? MPR_MONITOR_HMP : pretty ? MPR_MONITOR_QMP_PRETTY : MPR_MONITOR_QMP;
	return ret;
}

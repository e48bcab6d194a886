/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/places.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"

#define BACKLOG 16

static int fail(const struct mpr_user_monitor *monitor, const char *why, char **error)
{
	*error = mpr_need_text("%s: %s", monitor->text, why);
	return -EINVAL;
}

/* Fails with errno. */
static int fail_errno(const struct mpr_user_monitor *monitor, int fd, char **error)
{
	int err = errno;

	if (fd >= 0)
		close(fd);
	return fail(monitor, strerror(err), error);
}

/* ---- Unix sockets ------------------------------------------------------- */

static struct sockaddr_un unix_address(const struct mpr_user_monitor *monitor)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, monitor->chardev.path, strlen(monitor->chardev.path));
	return address;
}

static bool is_socket(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0 && S_ISSOCK(stat.st_mode);
}

static int open_unix(const struct mpr_user_monitor *monitor, char **error)
{
	struct sockaddr_un address = unix_address(monitor);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return fail_errno(monitor, fd, error);
	if (monitor->chardev.server) {
		/* A socket of an earlier run is replaced, as QEMU does; a file is not. */
		if (is_socket(monitor->chardev.path))
			unlink(monitor->chardev.path);
		ret = bind(fd, (struct sockaddr *)&address, sizeof(address));
		if (!ret)
			ret = listen(fd, BACKLOG);
	} else {
		ret = connect(fd, (struct sockaddr *)&address, sizeof(address));
	}
	return ret ? fail_errno(monitor, fd, error) : fd;
}

/* ---- TCP ---------------------------------------------------------------- */

static int listen_at(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	int on = 1, err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_tcp(const struct mpr_user_monitor *monitor, char **error)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
	const char *host = *monitor->chardev.host ? monitor->chardev.host : NULL;
	struct addrinfo *list;
	int err = getaddrinfo(host, monitor->chardev.port, &hints, &list), fd = -EADDRNOTAVAIL;

	if (err)
		return fail(monitor, gai_strerror(err), error);
	for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
		fd = listen_at(info);
	freeaddrinfo(list);
	return fd < 0 ? fail(monitor, strerror(-fd), error) : fd;
}

/* ---- A descriptor that is there ----------------------------------------- */

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) ? -1 : value;
}

static int open_fd(const struct mpr_user_monitor *monitor, char **error)
{
	int fd = monitor->chardev.fd;

	if (socket_option(fd, SO_TYPE) != SOCK_STREAM)
		return fail(monitor, "the descriptor is not an open stream socket", error);
	if (monitor->chardev.server && !socket_option(fd, SO_ACCEPTCONN) && listen(fd, BACKLOG))
		return fail_errno(monitor, -1, error);
	/* QEMU and the remote processes must not inherit it. */
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/* ---- All ---------------------------------------------------------------- */

int mpr_place_open(const struct mpr_user_monitor *monitor, char **error)
{
	int fd = -1;

	switch (monitor->chardev.kind) {
	case MPR_CHARDEV_UNIX:
		fd = open_unix(monitor, error);
		break;
	case MPR_CHARDEV_TCP:
		fd = open_tcp(monitor, error);
		break;
	case MPR_CHARDEV_FD:
		fd = open_fd(monitor, error);
		break;
	default:
		return fail(monitor, "nothing can be opened there", error);
	}
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

void mpr_place_remove(const struct mpr_user_monitor *monitor)
{
	if (monitor->chardev.kind == MPR_CHARDEV_UNIX && monitor->chardev.server)
		unlink(monitor->chardev.path);
}

/* SPDX-License-Identifier: MIT */
#include "remote/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

struct mpr_listener {
	int sock;
	struct sockaddr_un address;
	struct mpr_watch *watch;
	void (*accepted)(int fd, void *opaque);
	void *opaque;
};

/* Accepts all that wait: a watch tells of several at once. */
static void on_connect(void *opaque)
{
	struct mpr_listener *listener = opaque;
	int fd;

	while ((fd = accept4(listener->sock, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		listener->accepted(fd, listener->opaque);
}

static int bind_private(int sock, const struct sockaddr_un *address)
{
	mode_t before = umask(0177);
	int ret = bind(sock, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	return ret;
}

/* True when the path is a socket that nobody listens on. */
static bool is_stale(const struct sockaddr_un *address)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool refused;

	if (sock < 0)
		return false;
	refused = connect(sock, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
		  errno == ECONNREFUSED;
	close(sock);
	return refused;
}

static int bind_and_listen(int sock, const struct sockaddr_un *address)
{
	int ret = bind_private(sock, address);

	if (ret == -EADDRINUSE && is_stale(address) && unlink(address->sun_path) == 0)
		ret = bind_private(sock, address);
	if (ret == 0 && listen(sock, BACKLOG) < 0)
		ret = -errno;
	return ret;
}

int mpr_listener_create(const char *path, struct mpr_watcher *watcher,
			void (*accepted)(int fd, void *opaque), void *opaque,
			struct mpr_listener **result)
{
	struct mpr_listener *listener = calloc(1, sizeof(*listener));
	int ret;

	if (!listener)
		return -ENOMEM;
	listener->accepted = accepted;
	listener->opaque = opaque;
	listener->address.sun_family = AF_UNIX;
	strncpy(listener->address.sun_path, path, sizeof(listener->address.sun_path) - 1);
	listener->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ret = listener->sock < 0 ? -errno : bind_and_listen(listener->sock, &listener->address);
	if (ret == 0) {
		listener->watch = mpr_watch_start(watcher, listener->sock, on_connect, listener);
		ret = listener->watch ? 0 : -ENOMEM;
	}
	if (ret < 0) {
		if (listener->sock >= 0)
			close(listener->sock);
		free(listener);
		return ret;
	}
	*result = listener;
	return 0;
}

void mpr_listener_destroy(struct mpr_listener *listener)
{
	if (!listener)
		return;
	mpr_watch_stop(listener->watch);
	close(listener->sock);
	(void)unlink(listener->address.sun_path);
	free(listener);
}

/* SPDX-License-Identifier: MIT */
#include "remote/vmm/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "event/delay.h"
#include "remote/process/log.h"
#include "remote/process/own_file.h"

#define BACKLOG 16

/* Between two tries while accept() fails: nothing signals that descriptors or memory are
 * there again. */
#define PAUSE_MS 100

struct mpr_listener {
	int sock;
	struct sockaddr_un address;
	struct mpr_watcher *watcher;
	struct mpr_watch *watch;
	struct mpr_delay *pause;
	bool failing; /* since the last connection that was accepted */
	void (*accepted)(int fd, void *opaque);
	void *opaque;
	struct mpr_own_file file;
};

static void on_connect(void *opaque);

static void on_pause_over(void *opaque)
{
	struct mpr_listener *listener = opaque;

	listener->pause = NULL;
	on_connect(listener);
}

/* The watch is edge-triggered: a connection that stays queued is not reported again. */
static void try_later(struct mpr_listener *listener, int err)
{
	if (!listener->failing)
		mpr_log(NULL, "%s: no connection can be accepted: %s; trying again",
			listener->address.sun_path, strerror(err));
	listener->failing = true;
	if (!listener->pause)
		listener->pause =
			mpr_delay_start(listener->watcher, PAUSE_MS, on_pause_over, listener);
}

/* 1: accepted, or the peer gave up meanwhile; 0: none waits; or negative errno. */
static int accept_one(struct mpr_listener *listener)
{
	int fd = accept4(listener->sock, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 && errno != ECONNABORTED && errno != EINTR)
		return errno == EAGAIN ? 0 : -errno;
	if (fd >= 0) {
		listener->failing = false;
		listener->accepted(fd, listener->opaque);
	}
	return 1;
}

/* Accepts all that wait: one report of the watch may stand for several. */
static void on_connect(void *opaque)
{
	struct mpr_listener *listener = opaque;
	int ret;

	do {
		ret = accept_one(listener);
	} while (ret > 0);
	if (ret < 0)
		try_later(listener, -ret);
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
	listener->watcher = watcher;
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
	mpr_own_file_note(&listener->file, path);
	*result = listener;
	return 0;
}

void mpr_listener_destroy(struct mpr_listener *listener)
{
	if (!listener)
		return;
	mpr_delay_stop(listener->pause);
	mpr_watch_stop(listener->watch);
	close(listener->sock);
	mpr_own_file_remove(&listener->file, listener->address.sun_path);
	free(listener);
}

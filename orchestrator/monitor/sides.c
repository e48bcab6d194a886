/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/sides.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"

#define BACKLOG 16

struct mpr_sides {
	int *fds;    /* that listen, -1: closed */
	int *places; /* O_PATH descriptors of the unlinked sockets; -1: none */
	size_t count;
};

int mpr_sides_create(size_t count, struct mpr_sides **result, char **error)
{
	struct mpr_sides *sides = mpr_need_array(1, sizeof(*sides));

	sides->fds = mpr_need_array(count, sizeof(int));
	sides->places = mpr_need_array(count, sizeof(int));
	for (; sides->count < count; sides->count++) {
		/* QEMU moves a monitor's socket from one thread to another when it
		 * starts, and both may see a client: the second must not wait. */
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0) {
			*error = mpr_need_text("no socket for a monitor: %s", strerror(errno));
			mpr_sides_destroy(sides);
			return -EINVAL;
		}
		sides->fds[sides->count] = fd;
		sides->places[sides->count] = -1;
	}
	*result = sides;
	return 0;
}

const int *mpr_sides_fds(const struct mpr_sides *sides)
{
	return sides->fds;
}

/* XDG_RUNTIME_DIR, if it is short enough for a socket's path. */
static const char *parent_folder(void)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	return folder && *folder == '/' && strlen(folder) < 40 && access(folder, W_OK) == 0
		       ? folder
		       : "/tmp";
}

/* Listens at a path and unlinks it; *place is what is left to connect to. */
static int listen_at(const char *path, int fd, int *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	*place = open(path, O_PATH | O_CLOEXEC);
	if (*place < 0 || listen(fd, BACKLOG))
		err = -errno;
	unlink(path);
	return err;
}

static int open_in(const char *folder, struct mpr_sides *sides, char **error)
{
	char *path = mpr_need_text("%s/qemu", folder);
	int err = 0;

	for (size_t i = 0; i < sides->count && !err; i++)
		err = listen_at(path, sides->fds[i], &sides->places[i]);
	if (err)
		*error = mpr_need_text("%s: %s", path, strerror(-err));
	free(path);
	return err ? -EINVAL : 0;
}

int mpr_sides_open(struct mpr_sides *sides, char **error)
{
	char *folder;
	int err;

	if (!sides->count)
		return 0;
	folder = mpr_need_text("%s/mpring-XXXXXX", parent_folder());
	if (!mkdtemp(folder)) {
		*error = mpr_need_text("no folder for sockets in %s: %s", parent_folder(),
				       strerror(errno));
		free(folder);
		return -EINVAL;
	}
	err = open_in(folder, sides, error);
	rmdir(folder);
	free(folder);
	return err;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

void mpr_sides_hand_over(struct mpr_sides *sides)
{
	close_all(sides->fds, sides->count);
}

/* connect() does not block: the backlog is full only when QEMU is gone. */
int mpr_sides_connect(const struct mpr_sides *sides, size_t side)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d",
		 sides->places[side]);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

void mpr_sides_destroy(struct mpr_sides *sides)
{
	close_all(sides->fds, sides->count);
	close_all(sides->places, sides->count);
	free(sides->fds);
	free(sides->places);
	free(sides);
}

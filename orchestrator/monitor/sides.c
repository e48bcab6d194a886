/* SPDX-License-Identifier: MIT */
#include "orchestrator/monitor/sides.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "orchestrator/memory.h"

#define BACKLOG 16

struct mpr_sides {
	char folder[64]; /* "": there is none */
	int *fds;	 /* -1: closed */
	size_t count;
};

static struct sockaddr_un address_of(const struct mpr_sides *sides, size_t side)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%zu", sides->folder, side);
	return address;
}

int mpr_sides_create(size_t count, struct mpr_sides **result, char **error)
{
	struct mpr_sides *sides = mpr_need_array(1, sizeof(*sides));

	sides->fds = mpr_need_array(count, sizeof(int));
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
	}
	*result = sides;
	return 0;
}

const int *mpr_sides_fds(const struct mpr_sides *sides)
{
	return sides->fds;
}

/* The user's own folder, if it is short enough for a socket's path. */
static const char *parent_folder(void)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	return folder && *folder == '/' && strlen(folder) < 40 && access(folder, W_OK) == 0
		       ? folder
		       : "/tmp";
}

int mpr_sides_open(struct mpr_sides *sides, char **error)
{
	if (!sides->count)
		return 0;
	snprintf(sides->folder, sizeof(sides->folder), "%s/mpring-XXXXXX", parent_folder());
	if (!mkdtemp(sides->folder)) {
		*error = mpr_need_text("no folder for sockets in %s: %s", parent_folder(),
				       strerror(errno));
		sides->folder[0] = '\0';
		return -EINVAL;
	}
	for (size_t i = 0; i < sides->count; i++) {
		struct sockaddr_un address = address_of(sides, i);

		if (bind(sides->fds[i], (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(sides->fds[i], BACKLOG) == 0)
			continue;
		*error = mpr_need_text("%s: %s", address.sun_path, strerror(errno));
		return -EINVAL;
	}
	return 0;
}

void mpr_sides_hand_over(struct mpr_sides *sides)
{
	for (size_t i = 0; i < sides->count; i++) {
		if (sides->fds[i] >= 0)
			close(sides->fds[i]);
		sides->fds[i] = -1;
	}
}

/* QEMU's queue of connections is never full, or it is not there to empty it. */
int mpr_sides_connect(const struct mpr_sides *sides, size_t side)
{
	struct sockaddr_un address = address_of(sides, side);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* QEMU removes the sockets that it listened on, too. */
void mpr_sides_destroy(struct mpr_sides *sides)
{
	mpr_sides_hand_over(sides);
	for (size_t i = 0; i < sides->count && *sides->folder; i++)
		unlink(address_of(sides, i).sun_path);
	if (*sides->folder)
		rmdir(sides->folder);
	free(sides->fds);
	free(sides);
}

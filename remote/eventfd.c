/* SPDX-License-Identifier: MIT */
#include "remote/eventfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_eventfd(int fd)
{
	static const char name[] = "anon_inode:[eventfd]";
	char path[32], link[sizeof(name)];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, link, sizeof(link));
	return len == (ssize_t)sizeof(name) - 1 && !memcmp(link, name, sizeof(name) - 1);
}

int mpr_eventfd_adopt(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || !is_eventfd(fd) || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -EINVAL;
	return 0;
}

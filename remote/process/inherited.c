/* SPDX-License-Identifier: MIT */
#include "remote/process/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "opts/opts.h"

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

/* Why fd is not a connected Unix stream socket, or NULL. */
static const char *wrong_fd(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		return "is not open in this process (it must be inherited)";
	if (socket_option(fd, SO_DOMAIN) < 0)
		return "is not a socket";
	if (socket_option(fd, SO_DOMAIN) != AF_UNIX || socket_option(fd, SO_TYPE) != SOCK_STREAM)
		return "is not a Unix stream socket";
	if (socket_option(fd, SO_ACCEPTCONN) != 0)
		return "is a listening socket, not a connected one";
	return NULL;
}

int mpr_inherited_check(int fd, char **error)
{
	const char *wrong = wrong_fd(fd);

	if (!wrong)
		return 0;
	*error = mpr_errorf("file descriptor %d %s", fd, wrong);
	return -EINVAL;
}

static bool parse_fd(const char *text, int *fd)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	*fd = (int)value;
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && value <= INT_MAX;
}

int mpr_inherited_socket(const char *text, int *fd, char **error)
{
	if (parse_fd(text, fd))
		return mpr_inherited_check(*fd, error);
	*error = mpr_errorf("\"%s\" is not a file descriptor number", text);
	return -EINVAL;
}

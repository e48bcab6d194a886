/* SPDX-License-Identifier: MIT */
#include "remote/process/background.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Noreturn void wait_for_child(int fd)
{
	char byte;

	_exit(read(fd, &byte, 1) == 1 ? 0 : 1);
}

static int fork_child(int *parent)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (pid) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	close(fds[0]);
	*parent = fds[1];
	return 0;
}

int mpr_background_start(struct mpr_background *background)
{
	int ret;

	background->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (background->null < 0)
		return -errno;
	ret = fork_child(&background->parent);
	if (ret < 0)
		close(background->null);
	else
		(void)setsid();
	return ret;
}

void mpr_background_ready(const struct mpr_background *background)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		(void)dup2(background->null, i);
	close(background->null);
	mpr_ready_tell(background->parent);
}

int mpr_ready_take(void)
{
	const char *value = getenv("MPRING_READY");
	char *end;
	long fd = value && *value ? strtol(value, &end, 10) : -1;

	if (fd < 0 || fd > INT_MAX || *end || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		fd = -1;
	unsetenv("MPRING_READY");
	return (int)fd;
}

void mpr_ready_tell(int fd)
{
	while (write(fd, "", 1) < 0 && errno == EINTR)
		; /* other errors: the starter has gone */
	close(fd);
}

static int write_number(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fcntl(fd, F_SETLK, &whole) < 0)
		return errno == EACCES ? -EAGAIN : -errno;
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return errno ? -errno : -EIO;
	return 0;
}

int mpr_pidfile_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_number(fd);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

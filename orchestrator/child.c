/* SPDX-License-Identifier: MIT */
#include "orchestrator/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/memory.h"

/* The child gets SIGTERM when this process dies, even by SIGKILL. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH; /* it died before */
}

static int leave_input(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return null < 0 || dup2(null, STDIN_FILENO) < 0 ? -errno : 0;
}

static int leave_terminal(void)
{
	if (setpgid(0, 0) || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -errno;
	/* Messages to a terminal that stops background writers must not stop it. */
	signal(SIGTTOU, SIG_IGN);
	return 0;
}

static int inherit(const struct mpr_child *child)
{
	for (size_t i = 0; i < child->fd_count; i++) {
		if (fcntl(child->fds[i], F_SETFD, 0) < 0)
			return -errno;
	}
	if (child->ready >= 0 && fcntl(child->ready, F_SETFD, 0) < 0)
		return -errno;
	return 0;
}

static void set_ready(int fd)
{
	char *number = mpr_need_text("%d", fd);

	setenv("MPRING_READY", number, 1);
	free(number);
}

static void set_preload(const char *path)
{
	const char *others = getenv("LD_PRELOAD");
	bool more = others && *others;
	char *value = mpr_need_text("%s%s%s", path, more ? ":" : "", more ? others : "");

	setenv("LD_PRELOAD", value, 1);
	free(value);
}

/* Tells the preloaded object what is not for the programs that this one starts. */
static void set_sockets(const struct mpr_child *child)
{
	char *list = mpr_need_text("%s", "");

	for (size_t i = 0; i < child->fd_count; i++) {
		char *longer = mpr_need_text("%s%s%d", list, i ? "," : "", child->fds[i]);

		free(list);
		list = longer;
	}
	setenv("MPRING_SOCKETS", list, 1);
	free(list);
}

/* In the child. Returns only when the program cannot be started: why. */
static int become(const struct mpr_child *child, pid_t parent)
{
	int err = die_with(parent);

	if (!err && (child->no_input || child->background))
		err = leave_input();
	if (!err && child->background)
		err = leave_terminal();
	if (!err)
		err = inherit(child);
	if (err)
		return err;
	if (child->ready >= 0)
		set_ready(child->ready);
	if (child->preload) {
		set_preload(child->preload);
		set_sockets(child);
	}
	sigprocmask(SIG_SETMASK, child->signals, NULL);
	execvp(child->argv[0], child->argv);
	return -errno;
}

/* What the child says of its failure through a pipe that closes when it runs. */
static int started(int fd)
{
	int err;
	ssize_t n;

	do {
		n = read(fd, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(err) ? err : 0;
}

int mpr_child_start(const struct mpr_child *child, pid_t *pid)
{
	pid_t parent = getpid();
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	*pid = fork();
	if (*pid == 0) {
		err = become(child, parent);
		_exit(write(fds[1], &err, sizeof(err)) < 0 ? 126 : 127);
	}
	err = *pid < 0 ? -errno : 0;
	close(fds[1]);
	if (!err)
		err = started(fds[0]);
	close(fds[0]);
	if (err && *pid > 0)
		waitpid(*pid, NULL, 0);
	return err;
}

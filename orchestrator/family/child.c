/* SPDX-License-Identifier: MIT */
#include "orchestrator/family/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"

/* The child gets SIGTERM when this process dies, even by SIGKILL. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH; /* it died before prctl() */
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
	/* A terminal with "stty tostop" would stop a background process that writes a message. */
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

/* ---- The environment ---------------------------------------------------- */

/* Takes over `env` and `value`. */
static char **set(char **env, const char *name, char *value)
{
	env = g_environ_setenv(env, name, value, TRUE);
	free(value);
	return env;
}

static char **set_preload(char **env, const char *path)
{
	const char *others = g_environ_getenv(env, "LD_PRELOAD");
	bool more = others && *others;

	return set(env, "LD_PRELOAD",
		   mpr_need_text("%s%s%s", path, more ? ":" : "", more ? others : ""));
}

/* Tells the preloaded object which descriptors programs that this child starts must not inherit. */
static char **set_sockets(char **env, const struct mpr_child *child)
{
	char *list = mpr_need_text("%s", "");

	for (size_t i = 0; i < child->fd_count; i++) {
		char *longer = mpr_need_text("%s%s%d", list, i ? "," : "", child->fds[i]);

		free(list);
		list = longer;
	}
	return set(env, "MPRING_SOCKETS", list);
}

/* Made before fork(): after it, a lock of malloc() may be held by a thread that the child does not
 * have. */
static char **make_environment(const struct mpr_child *child)
{
	char **env = g_get_environ();

	if (child->ready >= 0)
		env = set(env, "MPRING_READY", mpr_need_text("%d", child->ready));
	if (child->preload)
		env = set_sockets(set_preload(env, child->preload), child);
	return env;
}

/* ---- The process -------------------------------------------------------- */

/* In the child. Returns only on failure: a negative errno. */
static int become(const struct mpr_child *child, char **env, pid_t parent)
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
	sigprocmask(SIG_SETMASK, child->signals, NULL);
	execvpe(child->argv[0], child->argv, env);
	return -errno;
}

/* 0, or the errno of a failed start, which the child writes to the pipe; exec() closes it. */
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
	char **env;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	env = make_environment(child);
	*pid = fork();
	if (*pid == 0) {
		err = become(child, env, parent);
		_exit(write(fds[1], &err, sizeof(err)) < 0 ? 126 : 127);
	}
	err = *pid < 0 ? -errno : 0;
	g_strfreev(env);
	close(fds[1]);
	if (!err)
		err = started(fds[0]);
	close(fds[0]);
	if (err && *pid > 0)
		waitpid(*pid, NULL, 0);
	return err;
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/family/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/family/child.h"

/* The pid, or 0 with *error. Frees argv. */
static pid_t launch(const struct mpr_child *child, char **argv, char **error)
{
	pid_t pid;
	int err = mpr_child_start(child, &pid);

	if (err)
		*error = mpr_need_text("%s cannot be run: %s", argv[0], strerror(-err));
	g_strfreev(argv);
	return err ? 0 : pid;
}

struct mpr_member *mpr_launch_remote(struct mpr_family *family, uint64_t rid, char **argv,
				     const int *fds, size_t count, bool awaited, char **error)
{
	struct mpr_child child = {
		.argv = argv,
		.fds = fds,
		.fd_count = count,
		.signals = mpr_family_signals(family),
		.background = true,
	};
	int ready[2] = {-1, -1};
	pid_t pid;

	if (awaited && pipe2(ready, O_CLOEXEC)) {
		*error = mpr_need_text("no pipe for a remote process: %s", strerror(errno));
		g_strfreev(argv);
		return NULL;
	}
	child.ready = ready[1];
	pid = launch(&child, argv, error);
	if (awaited)
		close(ready[1]);
	if (pid)
		return mpr_family_add_remote(family, pid, rid, ready[0]);
	if (awaited)
		close(ready[0]);
	return NULL;
}

struct mpr_member *mpr_launch_qemu(struct mpr_family *family, char **argv, const int *fds,
				   size_t count, const char *preload, bool input, char **error)
{
	const struct mpr_child child = {
		.argv = argv,
		.fds = fds,
		.fd_count = count,
		.ready = -1,
		.preload = preload,
		.no_input = !input,
		.signals = mpr_family_signals(family),
	};
	pid_t pid = launch(&child, argv, error);

	return pid ? mpr_family_set_qemu(family, pid) : NULL;
}

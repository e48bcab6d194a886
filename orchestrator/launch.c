/* SPDX-License-Identifier: MIT */
#include "orchestrator/launch.h"

#include <string.h>

#include "orchestrator/args.h"
#include "orchestrator/child.h"
#include "orchestrator/memory.h"

/* The pid, or 0. The child's argv is freed. */
static pid_t launch(const struct mpr_child *child, char **argv, char **error)
{
	pid_t pid;
	int err = mpr_child_start(child, &pid);

	if (err)
		*error = mpr_need_text("%s cannot be run: %s", argv[0], strerror(-err));
	mpr_argv_free(argv);
	return err ? 0 : pid;
}

struct mpr_member *mpr_launch_remote(struct mpr_family *family, uint64_t rid, char **argv,
				     const int *fds, size_t count, char **error)
{
	const struct mpr_child child = {
		.argv = argv,
		.fds = fds,
		.fd_count = count,
		.signals = mpr_family_signals(family),
		.background = true,
	};
	pid_t pid = launch(&child, argv, error);

	return pid ? mpr_family_add_remote(family, pid, rid) : NULL;
}

struct mpr_member *mpr_launch_qemu(struct mpr_family *family, char **argv, const int *fds,
				   size_t count, const char *preload, bool input, char **error)
{
	const struct mpr_child child = {
		.argv = argv,
		.fds = fds,
		.fd_count = count,
		.preload = preload,
		.no_input = !input,
		.signals = mpr_family_signals(family),
	};
	pid_t pid = launch(&child, argv, error);

	return pid ? mpr_family_set_qemu(family, pid) : NULL;
}

/* SPDX-License-Identifier: MIT */
#include "remote/remote.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "remote/cmdline.h"
#include "remote/loop.h"
#include "remote/machine.h"

#define URING_ENTRIES 256

/* SIGTERM and SIGINT are read from a descriptor; a peer that hung up is an
 * error code, not a signal. */
static void set_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Prints the message as it is: an option may be longer than a line of log. */
static int fail(char *error)
{
	fprintf(stderr, "mpring-remote: %s\n", error ? error : "out of memory");
	free(error);
	return 1;
}

static int serve(const struct mpr_cmdline *cmdline, const struct mpr_device_ops *const *models,
		 struct mpr_watcher *watcher)
{
	struct mpr_timers timers = {0};
	struct mpr_machine machine;
	char *error = NULL;
	int ret = mpr_machine_build(&machine, cmdline, models, watcher, &timers, &error);

	if (ret == 0)
		ret = mpr_loop_run(&machine, watcher, &timers, &error);
	mpr_machine_destroy(&machine);
	return ret < 0 ? fail(error) : 0;
}

static int run(const struct mpr_cmdline *cmdline, const struct mpr_device_ops *const *models)
{
	struct mpr_watcher watcher = {0};
	int ret = mpr_uring_create(URING_ENTRIES, &watcher.uring);

	if (ret < 0)
		return fail(mpr_errorf("io_uring is not to be had: %s (see sysctl "
				       "kernel.io_uring_disabled)",
				       strerror(-ret)));
	set_signals();
	/* No program that is run from here gains rights; none is run. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ret = serve(cmdline, models, &watcher);
	mpr_uring_destroy(watcher.uring);
	return ret;
}

int mpr_remote_main(int argc, char **argv, const struct mpr_device_ops *const *models)
{
	struct mpr_cmdline cmdline;
	char *error;
	int ret = mpr_cmdline_parse(&cmdline, argc, argv, models, &error);

	if (ret < 0)
		ret = fail(error);
	else if (!cmdline.help)
		ret = run(&cmdline, models);
	mpr_cmdline_free(&cmdline);
	return ret;
}

/* SPDX-License-Identifier: MIT */
#include "remote/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "log/writer.h"
#include "remote/machine/cmdline.h"
#include "remote/machine/machine.h"
#include "remote/process/background.h"
#include "remote/process/log.h"
#include "remote/process/own_file.h"
#include "remote/process/signals.h"
#include "remote/service.h"

#define URING_ENTRIES 256

/* Not by mpr_log(): the option that a message quotes may be longer than a line of it. */
static int fail(char *error)
{
	char prefix[MPR_LOG_PREFIX], *line;

	mpr_log_prefix(prefix);
	line = mpr_errorf("%s%s\n", prefix, error ? error : "out of memory");
	if (line)
		mpr_log_writer_put(STDERR_FILENO, line, strlen(line));
	free(line);
	free(error);
	return 1;
}

struct process {
	struct mpr_cmdline cmdline;
	struct mpr_background background; /* with -daemonize */
	int ready;			  /* see mpr_ready_take() */
	struct mpr_own_file pidfile;
	int pidfile_lock; /* -1: none */
};

static int give_up_rights(const struct mpr_cmdline *cmdline, char **error)
{
	int ret = mpr_privileges_drop(&cmdline->privileges, error);

	if (ret < 0)
		return ret;
	ret = mpr_sandbox_enter(&cmdline->sandbox);
	if (ret < 0)
		*error =
			mpr_errorf("-sandbox: system calls cannot be filtered: %s", strerror(-ret));
	return ret;
}

/* Called when files and sockets are open. */
static int on_ready(void *opaque, char **error)
{
	struct process *process = opaque;
	int ret = give_up_rights(&process->cmdline, error);

	if (ret == 0 && process->ready >= 0)
		mpr_ready_tell(process->ready);
	if (ret < 0 || !process->cmdline.daemonize)
		return ret;
	(void)mpr_log_writer_drain(); /* while there is a terminal */
	mpr_background_ready(&process->background);
	return 0;
}

static void remove_pidfile(const struct process *process)
{
	if (process->pidfile_lock < 0)
		return;
	mpr_own_file_remove(&process->pidfile, process->cmdline.pidfile);
	close(process->pidfile_lock);
}

/* Exits without freeing anything: the kernel may still be using it. */
static _Noreturn void abandon(const struct process *process, char *error)
{
	int status = fail(error);

	(void)mpr_log_writer_drain();
	remove_pidfile(process);
	_exit(status);
}

static int serve(struct process *process, struct mpr_watcher *watcher)
{
	struct mpr_timers timers = {0};
	struct mpr_machine machine;
	char *error = NULL;
	int ret = mpr_machine_build(&machine, &process->cmdline, watcher, &timers, &error);

	if (ret == 0)
		ret = mpr_serve(&machine, on_ready, process, &error);
	if (ret == -ETIMEDOUT)
		abandon(process, error);
	mpr_machine_destroy(&machine);
	return ret < 0 ? fail(error) : 0;
}

static int run(struct process *process)
{
	struct mpr_watcher watcher = {0};
	char *error = NULL;
	int ret = mpr_log_writer_start("mpring-remote");

	if (ret < 0)
		return fail(mpr_errorf("no thread for the log: %s", strerror(-ret)));
	/* After the log's thread, which is not placed. */
	ret = mpr_placement_apply(&process->cmdline.placement, &error);
	if (ret < 0)
		return fail(error);
	ret = process->cmdline.sqpoll ? mpr_uring_create_sqpoll(URING_ENTRIES, &watcher.uring)
				      : mpr_uring_create(URING_ENTRIES, &watcher.uring);
	if (ret < 0)
		return fail(mpr_errorf("io_uring is not to be had: %s (see sysctl "
				       "kernel.io_uring_disabled)",
				       strerror(-ret)));
	mpr_signals_block();
	/* Set-user-ID programs would gain no rights; none is run anyway. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ret = serve(process, &watcher);
	mpr_uring_destroy(watcher.uring);
	return ret;
}

/* ---- What surrounds it -------------------------------------------------- */

static int open_log(const struct mpr_cmdline *cmdline)
{
	const char *unknown = cmdline->log_items ? mpr_log_enable(cmdline->log_items) : NULL;
	int ret;

	if (unknown)
		return fail(mpr_errorf("-d %s: no log item \"%s\" ('-d help' lists them)",
				       cmdline->log_items, unknown));
	mpr_log_set_form(cmdline->timestamp, cmdline->guest_in_log ? cmdline->guest : NULL);
	ret = cmdline->log_file ? mpr_log_open(cmdline->log_file) : 0;
	return ret < 0 ? fail(mpr_errorf("-D %s: %s", cmdline->log_file, strerror(-ret))) : 0;
}

static int go_to_background(struct process *process)
{
	int ret = process->cmdline.daemonize ? mpr_background_start(&process->background) : 0;

	return ret < 0 ? fail(mpr_errorf("-daemonize: %s", strerror(-ret))) : 0;
}

static int write_pidfile(struct process *process)
{
	const char *path = process->cmdline.pidfile;

	process->pidfile_lock = -1;
	if (!path)
		return 0;
	process->pidfile_lock = mpr_pidfile_create(path);
	if (process->pidfile_lock == -EAGAIN)
		return fail(mpr_errorf("-pidfile %s: another process has it", path));
	if (process->pidfile_lock < 0)
		return fail(mpr_errorf("-pidfile %s: %s", path, strerror(-process->pidfile_lock)));
	mpr_own_file_note(&process->pidfile, path);
	return 0;
}

static int start(struct process *process)
{
	int ret = open_log(&process->cmdline);

	if (ret == 0)
		ret = go_to_background(process);
	if (ret == 0)
		ret = write_pidfile(process);
	if (ret)
		return ret;
	ret = run(process);
	(void)mpr_log_writer_drain();
	remove_pidfile(process);
	return ret;
}

static bool asks_for_help(const struct mpr_cmdline *cmdline)
{
	if (!cmdline->log_items || strcmp(cmdline->log_items, "help"))
		return cmdline->help;
	(void)mpr_log_enable("help");
	return true;
}

int mpr_remote_main(int argc, char **argv, const struct mpr_model *const *models)
{
	struct process process = {.ready = mpr_ready_take()};
	char *error;
	int ret = mpr_cmdline_parse(&process.cmdline, argc, argv, models, &error);

	if (ret < 0)
		ret = fail(error);
	else if (!asks_for_help(&process.cmdline))
		ret = start(&process);
	mpr_cmdline_free(&process.cmdline);
	return ret;
}

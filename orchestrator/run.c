/* SPDX-License-Identifier: MIT */
#include "orchestrator/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/args.h"
#include "orchestrator/child.h"
#include "orchestrator/locate.h"
#include "orchestrator/memory.h"
#include "orchestrator/quote.h"
#include "orchestrator/supervise.h"

struct run {
	struct mpr_plan *plan;
	size_t remotes;
	char *remote_program; /* NULL when there are no remotes, as is the next */
	char *qemu_object;
	int *qemu_fds;	 /* QEMU's end of each remote's socket, -1 once closed */
	int *remote_fds; /* the remote's end */
	struct mpr_family family;
	sigset_t signals;
};

static int fail(char *error)
{
	fprintf(stderr, "mpring: %s\n", error);
	free(error);
	return -EINVAL;
}

/* LD_PRELOAD has no way to quote its separators. */
static int check_preload(const char *path)
{
	if (!strpbrk(path, " :"))
		return 0;
	return fail(mpr_need_text("%s cannot be preloaded: move it to a path without blanks "
				  "and colons",
				  path));
}

static int locate(struct run *run)
{
	char *error;

	if (!run->remotes)
		return 0;
	run->remote_program = mpr_locate(&mpr_program_remote, &error);
	if (!run->remote_program)
		return fail(error);
	run->qemu_object = mpr_locate(&mpr_program_qemu, &error);
	if (!run->qemu_object)
		return fail(error);
	return check_preload(run->qemu_object);
}

static int open_sockets(struct run *run)
{
	for (size_t i = 0; i < run->remotes; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
			return fail(mpr_need_text("no socket for rid %llu: %s",
						  (unsigned long long)mpr_plan_rid(run->plan, i),
						  strerror(errno)));
		run->qemu_fds[i] = fds[0];
		run->remote_fds[i] = fds[1];
	}
	return 0;
}

static void close_sockets(const struct run *run, int *fds)
{
	for (size_t i = 0; i < run->remotes; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static int create(struct run *run, char *const *argv)
{
	char *error;

	if (mpr_plan_create(argv, &run->plan, &error))
		return fail(error);
	run->remotes = mpr_plan_remotes(run->plan);
	run->qemu_fds = mpr_need_array(run->remotes, sizeof(int));
	run->remote_fds = mpr_need_array(run->remotes, sizeof(int));
	run->family.remotes = mpr_need_array(run->remotes, sizeof(struct mpr_member));
	for (size_t i = 0; i < run->remotes; i++)
		run->qemu_fds[i] = run->remote_fds[i] = -1;
	if (locate(run))
		return -EINVAL;
	return open_sockets(run);
}

static void destroy(struct run *run)
{
	close_sockets(run, run->qemu_fds);
	close_sockets(run, run->remote_fds);
	mpr_plan_free(run->plan);
	free(run->remote_program);
	free(run->qemu_object);
	free(run->qemu_fds);
	free(run->remote_fds);
	free(run->family.remotes);
}

static char **remote_argv(const struct run *run, size_t remote)
{
	return mpr_plan_remote_argv(run->plan, remote, run->remote_program,
				    run->remote_fds[remote]);
}

static void print_commands(const struct run *run)
{
	char **argv;

	for (size_t i = 0; i < run->remotes; i++) {
		argv = remote_argv(run, i);
		mpr_print_command(stdout, argv);
		mpr_argv_free(argv);
	}
	if (run->qemu_object) {
		fputs("LD_PRELOAD=", stdout);
		mpr_print_word(stdout, run->qemu_object);
		fputc(' ', stdout);
	}
	argv = mpr_plan_qemu_argv(run->plan, run->qemu_fds);
	mpr_print_command(stdout, argv);
	mpr_argv_free(argv);
}

/* Starts a process; its argv is freed. */
static int start(const struct mpr_child *child, char **argv, struct mpr_member *member)
{
	int err = mpr_child_start(child, &member->pid);

	if (err)
		fail(mpr_need_text("%s cannot be run: %s", argv[0], strerror(-err)));
	member->running = !err;
	mpr_argv_free(argv);
	return err;
}

static int start_remote(struct run *run, size_t remote)
{
	char **argv = remote_argv(run, remote);
	const struct mpr_child child = {
		.argv = argv,
		.fds = &run->remote_fds[remote],
		.fd_count = 1,
		.signals = &run->signals,
		.background = true,
	};
	struct mpr_member *member = &run->family.remotes[run->family.count++];

	member->rid = mpr_plan_rid(run->plan, remote);
	return start(&child, argv, member);
}

static int start_qemu(struct run *run)
{
	char **argv = mpr_plan_qemu_argv(run->plan, run->qemu_fds);
	const struct mpr_child child = {
		.argv = argv,
		.fds = run->qemu_fds,
		.fd_count = run->remotes,
		.preload = run->qemu_object,
		.signals = &run->signals,
	};

	return start(&child, argv, &run->family.qemu);
}

/* Starts everything; what was started before a failure is still running. */
static int start_all(struct run *run)
{
	int err = 0;

	for (size_t i = 0; i < run->remotes && !err; i++)
		err = start_remote(run, i);
	if (!err)
		err = start_qemu(run);
	/* The ends are their owners' alone, so that each hears the other go. */
	close_sockets(run, run->qemu_fds);
	close_sockets(run, run->remote_fds);
	return err;
}

static int supervise(struct run *run)
{
	mpr_supervise_prepare(&run->signals);
	if (!start_all(run))
		return mpr_supervise(&run->family);
	mpr_supervise_end_remotes(&run->family);
	return 1;
}

int mpr_run(char *const *argv, bool print)
{
	struct run run = {0};
	int status = 1;

	if (create(&run, argv) == 0) {
		status = 0;
		if (print)
			print_commands(&run);
		else
			status = supervise(&run);
	}
	if (run.plan)
		destroy(&run);
	return status;
}

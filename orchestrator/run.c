/* SPDX-License-Identifier: MIT */
#include "orchestrator/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log/writer.h"
#include "orchestrator/base/alloc.h"
#include "orchestrator/base/quote.h"
#include "orchestrator/base/say.h"
#include "orchestrator/commands/commands.h"
#include "orchestrator/family/family.h"
#include "orchestrator/family/launch.h"
#include "orchestrator/family/start.h"
#include "orchestrator/family/supervise.h"
#include "orchestrator/locate.h"
#include "orchestrator/monitor/monitors.h"
#include "orchestrator/plan/argv.h"
#include "orchestrator/plan/drivers.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/plan/room.h"
#include "orchestrator/plan/scopes.h"
#include "orchestrator/plan/shared_memory.h"
#include "orchestrator/vm/vm.h"

/* The two ends of a socket pair; -1: closed, or given away. */
struct pair {
	int here;  /* QEMU's end, or this process's end of a private monitor */
	int there; /* the other process's */
};

struct run {
	struct mpr_plan *plan;
	size_t remotes;
	struct mpr_monitors *users; /* the monitors on the command line */
	bool monitored;		    /* there are some, which need the vm */
	char *remote_program;
	char *qemu_object;
	struct pair *devices;  /* of each remote */
	struct pair *monitors; /* of each remote */
	struct pair qemu_monitor;
	struct mpr_family *family;
	struct mpr_vm *vm;
	struct mpr_commands commands; /* of the vm */
};

static int fail(char *error)
{
	mpr_say("%s", error);
	free(error);
	return -EINVAL;
}

/* LD_PRELOAD is separated by blanks and colons, which cannot be quoted in it. */
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

	run->remote_program = mpr_locate(&mpr_program_remote, &error);
	if (!run->remote_program)
		return fail(error);
	run->qemu_object = mpr_locate(&mpr_program_qemu, &error);
	if (!run->qemu_object)
		return fail(error);
	return check_preload(run->qemu_object);
}

/* ---- Sockets ------------------------------------------------------------ */

static int open_pair(struct pair *pair)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return fail(mpr_need_text("no socket for a remote process: %s", strerror(errno)));
	*pair = (struct pair){fds[0], fds[1]};
	return 0;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_sockets(struct run *run)
{
	int err = 0;

	for (size_t i = 0; i < run->remotes && !err; i++)
		err = open_pair(&run->devices[i]);
	for (size_t i = 0; i < run->remotes && !err && run->monitored; i++)
		err = open_pair(&run->monitors[i]);
	return err || !run->monitored ? err : open_pair(&run->qemu_monitor);
}

/* Closes our copies of the children's ends: a child's peer sees it hang up only if nobody else has
 * the end open. */
static void close_ends(struct run *run)
{
	for (size_t i = 0; i < run->remotes; i++) {
		close_end(&run->devices[i].here);
		close_end(&run->devices[i].there);
		close_end(&run->monitors[i].there);
	}
	close_end(&run->qemu_monitor.there);
}

/* Hands an end over to the vm. */
static int take_end(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* ---- Life --------------------------------------------------------------- */

static struct pair *new_pairs(size_t count)
{
	struct pair *pairs = mpr_need_array(count, sizeof(*pairs));

	for (size_t i = 0; i < count; i++)
		pairs[i] = (struct pair){-1, -1};
	return pairs;
}

static int create(struct run *run, char *const *argv)
{
	struct mpr_drivers *drivers;
	char *error;

	if (mpr_check_supervision(argv, &error))
		return fail(error);
	if (mpr_monitors_create(argv, &run->users, &error))
		return fail(error);
	run->monitored = mpr_monitors_exist(run->users);
	argv = mpr_monitors_argv(run->users);
	if (mpr_plan_create(argv, &run->plan, &error))
		return fail(error);
	run->remotes = mpr_plan_remotes(run->plan);
	run->devices = new_pairs(run->remotes);
	run->monitors = new_pairs(run->remotes);
	run->qemu_monitor = (struct pair){-1, -1};
	if (run->remotes && mpr_check_memory(mpr_plan_said(run->plan), &error))
		return fail(error);
	if (locate(run))
		return -EINVAL;
	drivers = mpr_plan_drivers(run->plan, run->remote_program);
	if ((run->remotes || *mpr_plan_plugins(run->plan)) &&
	    mpr_check_drivers(drivers, mpr_plan_options(run->plan), &error))
		return fail(error);
	if (mpr_check_globals(drivers, mpr_plan_globals(run->plan), mpr_plan_options(run->plan),
			      &error))
		return fail(error);
	return open_sockets(run);
}

static void destroy(struct run *run)
{
	if (run->vm)
		mpr_vm_listen(run->vm, NULL, NULL);
	mpr_monitors_destroy(run->users);
	if (!run->plan)
		return;
	close_ends(run);
	for (size_t i = 0; i < run->remotes; i++)
		close_end(&run->monitors[i].here);
	close_end(&run->qemu_monitor.here);
	mpr_vm_destroy(run->vm);
	mpr_family_destroy(run->family);
	mpr_plan_free(run->plan);
	free(run->remote_program);
	free(run->qemu_object);
	free(run->devices);
	free(run->monitors);
}

/* ---- Command lines ------------------------------------------------------ */

static char **remote_argv(const struct run *run, size_t remote)
{
	return mpr_plan_remote_argv(run->plan, remote, run->remote_program,
				    run->devices[remote].there, run->monitors[remote].there);
}

/* What QEMU inherits: the remotes' sockets in their order, and those of its monitors (free()
 * them). */
static int *qemu_fds(const struct run *run, size_t *count)
{
	size_t users;
	const int *users_fds = mpr_monitors_fds(run->users, &users);
	int *fds = mpr_need_array(run->remotes + users + 1, sizeof(*fds));

	*count = 0;
	for (size_t i = 0; i < run->remotes; i++)
		fds[(*count)++] = run->devices[i].here;
	for (size_t i = 0; i < users; i++)
		fds[(*count)++] = users_fds[i];
	if (run->monitored)
		fds[(*count)++] = run->qemu_monitor.there;
	return fds;
}

static char **qemu_argv(const struct run *run, const int *fds)
{
	return mpr_plan_qemu_argv(run->plan, fds, run->qemu_monitor.there);
}

static void print_commands(const struct run *run)
{
	size_t count;
	char **argv;
	int *fds;

	for (size_t i = 0; i < run->remotes; i++) {
		argv = remote_argv(run, i);
		mpr_print_command(stdout, argv);
		g_strfreev(argv);
	}
	fputs("LD_PRELOAD=", stdout);
	mpr_print_word(stdout, run->qemu_object);
	fputc(' ', stdout);
	fds = qemu_fds(run, &count);
	argv = qemu_argv(run, fds);
	mpr_print_command(stdout, argv);
	g_strfreev(argv);
	free(fds);
}

/* ---- Running ------------------------------------------------------------ */

static int start_remote(struct run *run, size_t remote)
{
	const int fds[] = {run->devices[remote].there, run->monitors[remote].there};
	struct mpr_member *member;
	char *error;

	member = mpr_launch_remote(run->family, mpr_plan_rid(run->plan, remote),
				   remote_argv(run, remote), fds, run->monitored ? 2 : 1, true,
				   &error);
	if (!member)
		return fail(error);
	if (run->vm)
		mpr_vm_add_remote(run->vm, member, take_end(&run->monitors[remote].here));
	return 0;
}

static int start_qemu(struct run *run)
{
	size_t count;
	int *fds = qemu_fds(run, &count);
	struct mpr_member *member;
	char *error;

	member = mpr_launch_qemu(run->family, qemu_argv(run, fds), fds, count, run->qemu_object,
				 !mpr_monitors_take_stdin(run->users), &error);
	free(fds);
	if (!member)
		return fail(error);
	if (run->vm)
		mpr_vm_set_qemu(run->vm, take_end(&run->qemu_monitor.here));
	return 0;
}

/* Starts the remotes and, when they are ready, QEMU. 0, or the exit status: then what was started
 * before is still running. */
static int start_all(struct run *run)
{
	int status = 0;

	for (size_t i = 0; i < run->remotes && !status; i++)
		status = start_remote(run, i) ? 1 : 0;
	if (!status)
		status = mpr_start_await(run->family);
	if (!status)
		status = start_qemu(run) ? 1 : 0;
	close_ends(run);
	return status;
}

static int supervise(struct run *run)
{
	char *error;
	int err = mpr_log_writer_start("mpring"), status;

	if (err) {
		fail(mpr_need_text("no thread for messages: %s", strerror(-err)));
		return 1;
	}
	if (run->remotes && mpr_check_room(mpr_plan_said(run->plan), &error)) {
		fail(error);
		return 1;
	}
	run->family = mpr_family_create();
	if (!run->family) {
		fail(mpr_need_text("signals cannot be watched: %s", strerror(errno)));
		return 1;
	}
	if (run->monitored) {
		run->vm = mpr_vm_create(run->family, run->plan, run->remote_program);
		run->commands = mpr_commands_of(run->vm);
		mpr_vm_listen(run->vm, mpr_monitors_tell, run->users);
	}
	if (mpr_monitors_open(run->users, &error)) {
		fail(error);
		return 1;
	}
	status = start_all(run);
	if (status) {
		mpr_vm_hang_up(run->vm);
		mpr_start_give_up(run->family);
		return status;
	}
	mpr_monitors_start(run->users, &run->commands);
	return mpr_supervise(run->family);
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
	destroy(&run);
	(void)mpr_log_writer_drain();
	return status;
}

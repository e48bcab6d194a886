/* SPDX-License-Identifier: MIT */
#include "orchestrator/family/supervise.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "orchestrator/base/say.h"
#include "orchestrator/family/family_state.h"

/* A remote ends when QEMU does, and may be reaped first: its end is reported only if QEMU's does
 * not follow within this time. */
#define QEMU_FOLLOWS_MS 100

static bool ended_untold(const struct mpr_member *remote)
{
	return !remote->running && !remote->told;
}

/* Reports remotes that were killed by a signal and, if `all`, those that exited; forgets those that
 * were reported. */
static void tell_ends(struct mpr_family *family, bool all)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		struct mpr_member *remote = mpr_family_remote(family, i);

		if (ended_untold(remote) && (all || WIFSIGNALED(remote->status)))
			mpr_member_tell_end(remote, "; its devices no longer answer");
	}
	for (guint i = family->remotes->len; i-- > 0;) {
		if (!mpr_family_remote(family, i)->running && mpr_family_remote(family, i)->told)
			g_ptr_array_remove_index(family->remotes, i);
	}
}

static bool ends_untold(const struct mpr_family *family)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		if (ended_untold(mpr_family_remote(family, i)))
			return true;
	}
	return false;
}

/* QEMU is in our process group: it has got Ctrl-C and Ctrl-\ from the terminal as well. */
static bool from_terminal(const struct signalfd_siginfo *info)
{
	return info->ssi_code == SI_KERNEL &&
	       (info->ssi_signo == SIGINT || info->ssi_signo == SIGQUIT);
}

static void pass_on(struct mpr_family *family, const struct signalfd_siginfo *info)
{
	if (!from_terminal(info))
		kill(family->qemu.pid, (int)info->ssi_signo);
	mpr_family_expect_end(family);
}

static void wait_for_qemu(struct mpr_family *family)
{
	while (family->qemu.running) {
		int64_t deadline =
			ends_untold(family) ? mpr_now_ms() + QEMU_FOLLOWS_MS : MPR_FOREVER;
		struct signalfd_siginfo info;
		int sig = mpr_family_next_signal(family, deadline, &info);

		if (sig == SIGCHLD)
			mpr_family_reap(family);
		else if (sig)
			pass_on(family, &info);
		tell_ends(family, sig == 0);
	}
}

static void tell_killed(const struct mpr_member *qemu)
{
	char *end;

	if (!WIFSIGNALED(qemu->status))
		return;
	end = mpr_describe_end(qemu->status);
	mpr_say("QEMU (pid %d) %s%s", (int)qemu->pid, end,
		WTERMSIG(qemu->status) == SIGBUS
			? ": is there room left for the guest's memory (df, and HugePages_Free in "
			  "/proc/meminfo)?"
			: "");
	free(end);
}

/* No remote is blamed for being late when the operator cut the wait short. */
static void end_remotes(struct mpr_family *family)
{
	bool patient = mpr_family_wait_for_remotes(family, MPR_HANG_UP_MS);

	mpr_family_signal_remotes(family, SIGTERM, patient);
	patient = mpr_family_wait_for_remotes(family, MPR_TERMINATE_MS);
	mpr_family_signal_remotes(family, SIGKILL, patient);
	mpr_family_wait_for_remotes(family, MPR_KILL_MS);
	tell_ends(family, false);
}

int mpr_supervise(struct mpr_family *family)
{
	wait_for_qemu(family);
	tell_killed(&family->qemu);
	end_remotes(family);
	if (WIFSIGNALED(family->qemu.status))
		return 128 + WTERMSIG(family->qemu.status);
	return WEXITSTATUS(family->qemu.status);
}

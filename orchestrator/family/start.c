/* SPDX-License-Identifier: MIT */
#include "orchestrator/family/start.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/base/say.h"
#include "orchestrator/family/family_state.h"

/* A remote that exits with a status has said why itself. */
static void tell_failed_start(struct mpr_member *remote)
{
	if (remote->running)
		mpr_say("remote process of rid %llu (pid %d) goes on, but will not say that it "
			"is ready",
			(unsigned long long)remote->rid, (int)remote->pid);
	else if (WIFSIGNALED(remote->status) || WEXITSTATUS(remote->status) == 0)
		mpr_member_tell_end(remote, " before it was ready");
	remote->told = true;
}

/* Reads whether it is ready. The pipe of one that is not has closed, as it ends or soon will. */
static bool take_ready(struct mpr_family *family, struct mpr_member *remote)
{
	int64_t deadline = mpr_now_ms() + MPR_TERMINATE_MS;
	struct signalfd_siginfo info;
	char byte;
	bool ready = read(remote->ready, &byte, 1) == 1;

	mpr_member_forget_ready(remote);
	for (; !ready && remote->running && mpr_now_ms() < deadline; mpr_family_reap(family))
		(void)mpr_family_next_signal(family, deadline, &info);
	if (!ready)
		tell_failed_start(remote);
	return ready;
}

/* The signal to end that has come, or 0. SIGCHLD needs no answer: the pipe closes as well. */
static int look_at_signals(struct mpr_family *family)
{
	struct signalfd_siginfo info;

	while (read(family->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			return (int)info.ssi_signo;
	}
	mpr_family_reap(family);
	return 0;
}

/* Fills `fds` with the pipe of each remote, and the signalfd last. Returns how many remotes are
 * still awaited. */
static nfds_t list(const struct mpr_family *family, struct pollfd *fds)
{
	nfds_t count = 0;

	for (guint i = 0; i < family->remotes->len; i++) {
		int ready = mpr_family_remote(family, i)->ready;

		fds[i] = (struct pollfd){.fd = ready, .events = POLLIN};
		count += ready >= 0;
	}
	fds[family->remotes->len] = (struct pollfd){.fd = family->signals, .events = POLLIN};
	return count;
}

int mpr_start_await(struct mpr_family *family)
{
	struct pollfd *fds = mpr_need_array(family->remotes->len + 1, sizeof(*fds));
	int status = 0;

	while (!status && list(family, fds)) {
		int sig;

		poll(fds, family->remotes->len + 1, -1);
		sig = look_at_signals(family);
		status = sig ? 128 + sig : 0;
		for (guint i = 0; i < family->remotes->len && !status; i++) {
			if (fds[i].revents && !take_ready(family, mpr_family_remote(family, i)))
				status = 1;
		}
	}
	free(fds);
	return status;
}

/* A remote that is ready ends by SIGTERM. One that is not may be blocked, and has nothing to lose.
 */
void mpr_start_give_up(struct mpr_family *family)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		struct mpr_member *remote = mpr_family_remote(family, i);

		if (remote->running)
			kill(remote->pid, remote->ready < 0 ? SIGTERM : SIGKILL);
		remote->told = true;
	}
	mpr_family_wait_for_remotes(family, MPR_TERMINATE_MS);
	mpr_family_signal_remotes(family, SIGKILL, true);
	mpr_family_wait_for_remotes(family, MPR_KILL_MS);
}

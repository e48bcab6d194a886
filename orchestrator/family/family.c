/* SPDX-License-Identifier: MIT */
#include "orchestrator/family/family.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/base/alloc.h"
#include "orchestrator/base/say.h"
#include "orchestrator/family/family_state.h"

/* How long QEMU may take to end before it gets SIGTERM again; and after a guest's shutdown, in
 * which it may pause instead: that waits up to 10 seconds for a vCPU that waits for a remote. */
#define REMIND_MS 1000
#define PAUSE_MS 15000

/* ---- Life --------------------------------------------------------------- */

static void watched_signals(sigset_t *set)
{
	static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

/* Wakes mpr_family_next_signal(), which reads the signal. */
static gboolean on_wake(int fd, GIOCondition condition, void *opaque)
{
	(void)fd;
	(void)condition;
	(void)opaque;
	return G_SOURCE_CONTINUE;
}

struct mpr_family *mpr_family_create(void)
{
	struct mpr_family *family = mpr_need_array(1, sizeof(*family));
	sigset_t set;

	/* If our parent ignored it, we inherited that, and waitpid() would never return a child. */
	signal(SIGCHLD, SIG_DFL);
	watched_signals(&set);
	family->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (family->signals < 0) {
		free(family);
		return NULL;
	}
	sigprocmask(SIG_BLOCK, &set, &family->old);
	family->source = g_unix_fd_add(family->signals, G_IO_IN, on_wake, NULL);
	family->remotes = g_ptr_array_new_with_free_func(free);
	return family;
}

static void remove_source(guint *source)
{
	if (*source)
		g_source_remove(*source);
	*source = 0;
}

void mpr_member_forget_ready(struct mpr_member *remote)
{
	if (remote->ready >= 0)
		close(remote->ready);
	remote->ready = -1;
}

void mpr_family_destroy(struct mpr_family *family)
{
	if (!family)
		return;
	g_source_remove(family->source);
	remove_source(&family->reminder);
	for (guint i = 0; i < family->remotes->len; i++) {
		mpr_member_forget_ready(mpr_family_remote(family, i));
		remove_source(&mpr_family_remote(family, i)->wait);
	}
	close(family->signals);
	g_ptr_array_unref(family->remotes);
	free(family);
}

const sigset_t *mpr_family_signals(const struct mpr_family *family)
{
	return &family->old;
}

struct mpr_member *mpr_family_set_qemu(struct mpr_family *family, pid_t pid)
{
	family->qemu = (struct mpr_member){.pid = pid, .ready = -1, .running = true};
	return &family->qemu;
}

struct mpr_member *mpr_family_add_remote(struct mpr_family *family, pid_t pid, uint64_t rid,
					 int ready)
{
	struct mpr_member *member = mpr_need_array(1, sizeof(*member));

	*member = (struct mpr_member){.pid = pid, .rid = rid, .ready = ready, .running = true};
	g_ptr_array_add(family->remotes, member);
	return member;
}

void mpr_family_on_end(struct mpr_family *family, mpr_member_end_fn end, void *opaque)
{
	family->end = end;
	family->opaque = opaque;
}

static gboolean remind(void *opaque)
{
	struct mpr_family *family = opaque;

	if (family->qemu.running)
		kill(family->qemu.pid, SIGTERM);
	family->reminder = g_timeout_add(REMIND_MS, remind, family);
	return G_SOURCE_REMOVE;
}

static void remind_after(struct mpr_family *family, guint ms)
{
	remove_source(&family->reminder);
	family->reminder = g_timeout_add(ms, remind, family);
}

void mpr_family_expect_end(struct mpr_family *family)
{
	if (!family->ending)
		remind_after(family, REMIND_MS);
	family->ending = true;
}

void mpr_family_expect_shutdown(struct mpr_family *family)
{
	if (!family->reminder)
		remind_after(family, PAUSE_MS);
}

void mpr_family_expect_pause(struct mpr_family *family)
{
	if (!family->ending)
		remove_source(&family->reminder);
}

static gboolean kill_remote(void *opaque)
{
	struct mpr_member *remote = opaque;

	remote->wait = 0;
	kill(remote->pid, SIGKILL);
	return G_SOURCE_REMOVE;
}

static gboolean terminate_remote(void *opaque)
{
	struct mpr_member *remote = opaque;

	mpr_say("remote process of rid %llu (pid %d) was told to end and does not; sending signal "
		"%d (%s), and %d (%s) if that is of no use",
		(unsigned long long)remote->rid, (int)remote->pid, SIGTERM, strsignal(SIGTERM),
		SIGKILL, strsignal(SIGKILL));
	remote->blamed = true;
	kill(remote->pid, SIGTERM);
	remote->wait = g_timeout_add(MPR_TERMINATE_MS, kill_remote, remote);
	return G_SOURCE_REMOVE;
}

void mpr_member_expect_end(struct mpr_member *remote)
{
	remote->told = true; /* its end is no news */
	if (remote->running && !remote->wait)
		remote->wait = g_timeout_add(MPR_HANG_UP_MS, terminate_remote, remote);
}

/* ---- Waiting ------------------------------------------------------------ */

int64_t mpr_now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static gboolean on_deadline(void *opaque)
{
	(void)opaque;
	return G_SOURCE_CONTINUE;
}

int mpr_family_next_signal(const struct mpr_family *family, int64_t deadline,
			   struct signalfd_siginfo *info)
{
	int64_t left = deadline == MPR_FOREVER ? 0 : MAX(deadline - mpr_now_ms(), 0);
	guint timer = deadline == MPR_FOREVER ? 0 : g_timeout_add((guint)left, on_deadline, NULL);
	int sig = 0;

	for (;;) {
		if (read(family->signals, info, sizeof(*info)) == sizeof(*info))
			sig = (int)info->ssi_signo;
		if (sig || mpr_now_ms() >= deadline)
			break;
		g_main_context_iteration(NULL, TRUE);
	}
	if (timer)
		g_source_remove(timer);
	return sig;
}

/* ---- Ends --------------------------------------------------------------- */

static void reap_member(const struct mpr_family *family, struct mpr_member *member)
{
	if (!member->running || waitpid(member->pid, &member->status, WNOHANG) != member->pid)
		return;
	member->running = false;
	remove_source(&member->wait);
	if (family->end)
		family->end(family->opaque, member);
}

void mpr_family_reap(struct mpr_family *family)
{
	reap_member(family, &family->qemu);
	for (guint i = 0; i < family->remotes->len; i++)
		reap_member(family, mpr_family_remote(family, i));
}

static bool remotes_run(const struct mpr_family *family)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		if (mpr_family_remote(family, i)->running)
			return true;
	}
	return false;
}

char *mpr_describe_end(int status)
{
	if (!WIFSIGNALED(status))
		return mpr_need_text("ended with status %d", WEXITSTATUS(status));
	return mpr_need_text("was killed by signal %d (%s)", WTERMSIG(status),
			     strsignal(WTERMSIG(status)));
}

void mpr_member_tell_end(struct mpr_member *remote, const char *consequence)
{
	char *end = mpr_describe_end(remote->status);

	mpr_say("remote process of rid %llu (pid %d) %s%s", (unsigned long long)remote->rid,
		(int)remote->pid, end, consequence);
	free(end);
	remote->told = true;
}

bool mpr_family_wait_for_remotes(struct mpr_family *family, int64_t ms)
{
	int64_t deadline = mpr_now_ms() + ms;
	int sig = SIGCHLD;

	mpr_family_reap(family);
	while (remotes_run(family) && sig == SIGCHLD) {
		struct signalfd_siginfo info;

		sig = mpr_family_next_signal(family, deadline, &info);
		mpr_family_reap(family);
	}
	return sig == SIGCHLD || sig == 0;
}

void mpr_family_signal_remotes(struct mpr_family *family, int sig, bool fault)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		struct mpr_member *remote = mpr_family_remote(family, i);

		if (!remote->running)
			continue;
		if (fault && !remote->blamed)
			mpr_say("remote process of rid %llu (pid %d) does not end; sending "
				"signal %d (%s)",
				(unsigned long long)remote->rid, (int)remote->pid, sig,
				strsignal(sig));
		kill(remote->pid, sig);
		remote->told = true;
	}
}

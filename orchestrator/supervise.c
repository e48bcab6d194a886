/* SPDX-License-Identifier: MIT */
#include "orchestrator/supervise.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/memory.h"
#include "orchestrator/say.h"

/* How long remotes may take to end by themselves, after SIGTERM, and after
 * SIGKILL, when only the kernel can hold them. */
#define HANG_UP_MS 5000
#define TERMINATE_MS 2000
#define KILL_MS 5000

/* A remote that ends because QEMU does may be seen first. */
#define QEMU_FOLLOWS_MS 100

/* How long QEMU may take to end before it is reminded. */
#define REMIND_MS 1000

#define FOREVER INT64_MAX

struct mpr_family {
	struct mpr_member qemu;
	GPtrArray *remotes; /* struct mpr_member */
	int signals;	    /* a signalfd: GLib's own handlers do not tell who sent one */
	sigset_t old;
	guint source;	/* wakes the main loop for a signal */
	guint reminder; /* 0: QEMU was not told to end */
	mpr_member_end_fn end;
	void *opaque;
};

static struct mpr_member *remote_at(const struct mpr_family *family, guint i)
{
	return family->remotes->pdata[i];
}

/* ---- Life --------------------------------------------------------------- */

static void watched_signals(sigset_t *set)
{
	static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

/* It only ends the wait: see next_signal(). */
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

	/* Whoever started us may ignore it, and then nobody could be waited for. */
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

void mpr_family_destroy(struct mpr_family *family)
{
	if (!family)
		return;
	g_source_remove(family->source);
	if (family->reminder)
		g_source_remove(family->reminder);
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
	family->qemu = (struct mpr_member){.pid = pid, .running = true};
	return &family->qemu;
}

struct mpr_member *mpr_family_add_remote(struct mpr_family *family, pid_t pid, uint64_t rid)
{
	struct mpr_member *member = mpr_need_array(1, sizeof(*member));

	*member = (struct mpr_member){.pid = pid, .rid = rid, .running = true};
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
	const struct mpr_family *family = opaque;

	if (family->qemu.running)
		kill(family->qemu.pid, SIGTERM);
	return G_SOURCE_CONTINUE;
}

void mpr_family_expect_end(struct mpr_family *family)
{
	if (!family->reminder)
		family->reminder = g_timeout_add(REMIND_MS, remind, family);
}

/* ---- Waiting ------------------------------------------------------------ */

static int64_t now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static gboolean on_deadline(void *opaque)
{
	(void)opaque;
	return G_SOURCE_CONTINUE;
}

/* The next watched signal, or 0 when `deadline` has passed. Serves the main context
 * until then. */
static int next_signal(const struct mpr_family *family, int64_t deadline,
		       struct signalfd_siginfo *info)
{
	int64_t left = deadline == FOREVER ? 0 : MAX(deadline - now_ms(), 0);
	guint timer = deadline == FOREVER ? 0 : g_timeout_add((guint)left, on_deadline, NULL);
	int sig = 0;

	for (;;) {
		if (read(family->signals, info, sizeof(*info)) == sizeof(*info))
			sig = (int)info->ssi_signo;
		if (sig || now_ms() >= deadline)
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
	if (family->end)
		family->end(family->opaque, member);
}

static void reap(struct mpr_family *family)
{
	reap_member(family, &family->qemu);
	for (guint i = 0; i < family->remotes->len; i++)
		reap_member(family, remote_at(family, i));
}

static bool remotes_run(const struct mpr_family *family)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		if (remote_at(family, i)->running)
			return true;
	}
	return false;
}

static void tell_end(struct mpr_member *remote)
{
	bool killed = WIFSIGNALED(remote->status);

	mpr_say("remote process of rid %llu (pid %d) %s %d; its devices no longer answer",
		(unsigned long long)remote->rid, (int)remote->pid,
		killed ? "was killed by signal" : "ended with status",
		killed ? WTERMSIG(remote->status) : WEXITSTATUS(remote->status));
	remote->told = true;
}

static bool ended_untold(const struct mpr_member *remote)
{
	return !remote->running && !remote->told;
}

/* Tells of remotes that were killed, and, when `all`, of those that ended. Forgets
 * those of which is told. */
static void tell_ends(struct mpr_family *family, bool all)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		struct mpr_member *remote = remote_at(family, i);

		if (ended_untold(remote) && (all || WIFSIGNALED(remote->status)))
			tell_end(remote);
	}
	for (guint i = family->remotes->len; i-- > 0;) {
		if (!remote_at(family, i)->running && remote_at(family, i)->told)
			g_ptr_array_remove_index(family->remotes, i);
	}
}

static bool ends_untold(const struct mpr_family *family)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		if (ended_untold(remote_at(family, i)))
			return true;
	}
	return false;
}

/* The terminal sends its own signals to QEMU, too, being in one group with us. */
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
		int64_t deadline = ends_untold(family) ? now_ms() + QEMU_FOLLOWS_MS : FOREVER;
		struct signalfd_siginfo info;
		int sig = next_signal(family, deadline, &info);

		if (sig == SIGCHLD)
			reap(family);
		else if (sig)
			pass_on(family, &info);
		tell_ends(family, sig == 0);
	}
}

/* Until the deadline, or until the operator becomes impatient. */
static void wait_for_remotes(struct mpr_family *family, int64_t ms)
{
	int64_t deadline = now_ms() + ms;
	int sig = SIGCHLD;

	reap(family);
	while (remotes_run(family) && sig == SIGCHLD) {
		struct signalfd_siginfo info;

		sig = next_signal(family, deadline, &info);
		reap(family);
	}
}

static void signal_remotes(struct mpr_family *family, int sig)
{
	for (guint i = 0; i < family->remotes->len; i++) {
		struct mpr_member *remote = remote_at(family, i);

		if (!remote->running)
			continue;
		mpr_say("remote process of rid %llu (pid %d) does not end; sending signal %d",
			(unsigned long long)remote->rid, (int)remote->pid, sig);
		kill(remote->pid, sig);
		remote->told = true;
	}
}

void mpr_supervise_end_remotes(struct mpr_family *family)
{
	wait_for_remotes(family, HANG_UP_MS);
	signal_remotes(family, SIGTERM);
	wait_for_remotes(family, TERMINATE_MS);
	signal_remotes(family, SIGKILL);
	wait_for_remotes(family, KILL_MS);
	tell_ends(family, false);
}

int mpr_supervise(struct mpr_family *family)
{
	wait_for_qemu(family);
	mpr_supervise_end_remotes(family);
	if (WIFSIGNALED(family->qemu.status))
		return 128 + WTERMSIG(family->qemu.status);
	return WEXITSTATUS(family->qemu.status);
}

/* SPDX-License-Identifier: MIT */
#include "orchestrator/supervise.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

/* How long remotes may take to end by themselves, after SIGTERM, and after
 * SIGKILL, when only the kernel can hold them. */
#define HANG_UP_MS 5000
#define TERMINATE_MS 2000
#define KILL_MS 5000

/* A remote that ends because QEMU does may be seen first. */
#define QEMU_FOLLOWS_MS 100

#define FOREVER INT64_MAX

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void watched_signals(sigset_t *set)
{
	static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

void mpr_supervise_prepare(sigset_t *old)
{
	sigset_t set;

	/* Whoever started us may ignore it, and then nobody could be waited for. */
	signal(SIGCHLD, SIG_DFL);
	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, old);
}

/* The next watched signal, or 0 when `deadline` has passed. */
static int next_signal(int64_t deadline, siginfo_t *info)
{
	sigset_t set;
	int sig;

	watched_signals(&set);
	do {
		int64_t left = deadline == FOREVER ? INT32_MAX : deadline - now_ms();
		struct timespec ts = {0};

		if (left > 0)
			ts = (struct timespec){left / 1000, left % 1000 * 1000000};
		sig = sigtimedwait(&set, info, &ts);
	} while (sig < 0 && (errno == EINTR || deadline == FOREVER));
	return sig < 0 ? 0 : sig;
}

static void reap_member(struct mpr_member *member)
{
	if (member->running && waitpid(member->pid, &member->status, WNOHANG) == member->pid)
		member->running = false;
}

static void reap(struct mpr_family *family)
{
	reap_member(&family->qemu);
	for (size_t i = 0; i < family->count; i++)
		reap_member(&family->remotes[i]);
}

static bool remotes_run(const struct mpr_family *family)
{
	for (size_t i = 0; i < family->count; i++) {
		if (family->remotes[i].running)
			return true;
	}
	return false;
}

static void tell_end(struct mpr_member *remote)
{
	bool killed = WIFSIGNALED(remote->status);

	fprintf(stderr,
		"mpring: remote process of rid %llu (pid %d) %s %d; its devices no longer answer\n",
		(unsigned long long)remote->rid, (int)remote->pid,
		killed ? "was killed by signal" : "ended with status",
		killed ? WTERMSIG(remote->status) : WEXITSTATUS(remote->status));
	remote->told = true;
}

static bool ended_untold(const struct mpr_member *remote)
{
	return !remote->running && !remote->told;
}

/* Tells of remotes that were killed, and, when `all`, of those that ended. */
static void tell_ends(struct mpr_family *family, bool all)
{
	for (size_t i = 0; i < family->count; i++) {
		struct mpr_member *remote = &family->remotes[i];

		if (ended_untold(remote) && (all || WIFSIGNALED(remote->status)))
			tell_end(remote);
	}
}

static bool ends_untold(const struct mpr_family *family)
{
	for (size_t i = 0; i < family->count; i++) {
		if (ended_untold(&family->remotes[i]))
			return true;
	}
	return false;
}

/* The terminal sends its own signals to QEMU, too, being in one group with us. */
static bool from_terminal(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL &&
	       (info->si_signo == SIGINT || info->si_signo == SIGQUIT);
}

static void wait_for_qemu(struct mpr_family *family)
{
	while (family->qemu.running) {
		int64_t deadline = ends_untold(family) ? now_ms() + QEMU_FOLLOWS_MS : FOREVER;
		siginfo_t info;
		int sig = next_signal(deadline, &info);

		if (sig == SIGCHLD)
			reap(family);
		else if (sig && !from_terminal(&info))
			kill(family->qemu.pid, sig);
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
		siginfo_t info;

		sig = next_signal(deadline, &info);
		reap(family);
	}
}

static void signal_remotes(struct mpr_family *family, int sig)
{
	for (size_t i = 0; i < family->count; i++) {
		struct mpr_member *remote = &family->remotes[i];

		if (!remote->running)
			continue;
		fprintf(stderr,
			"mpring: remote process of rid %llu (pid %d) does not end; sending "
			"signal %d\n",
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

/* SPDX-License-Identifier: MIT */
#include "remote/process/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t those_sent(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	return set;
}

void mpr_signals_block(void)
{
	sigset_t set = those_sent();

	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void on_signal(void *opaque)
{
	const struct mpr_signals *signals = opaque;
	struct signalfd_siginfo info;

	while (read(signals->fd, &info, sizeof(info)) == sizeof(info))
		signals->came(signals->opaque, info.ssi_signo != SIGUSR1);
}

int mpr_signals_watch(struct mpr_signals *signals, struct mpr_watcher *watcher)
{
	sigset_t set = those_sent();

	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd < 0)
		return -errno;
	signals->watch = mpr_watch_start(watcher, signals->fd, on_signal, signals);
	return signals->watch ? 0 : -ENOMEM;
}

void mpr_signals_unwatch(struct mpr_signals *signals)
{
	mpr_watch_stop(signals->watch);
	if (signals->fd >= 0)
		close(signals->fd);
}

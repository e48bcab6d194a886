/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signal that QEMU asked for, or its starter for it, when the starter dies. The
 * kernel forgets it when a process changes its user, as QEMU does with -runas after the
 * devices are made: without it QEMU would stay when mpring is killed, and its device
 * processes would not.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include <sys/prctl.h>

#include "qemu/main-loop.h"

static int parent_signal; /* 0: none */
static pid_t parent;
static EventNotifier started; /* is set when handlers run: QEMU's main loop does */

void proxy_parent_note(void)
{
	parent = getppid();
	prctl(PR_GET_PDEATHSIG, &parent_signal);
}

static void rearm(void *opaque G_GNUC_UNUSED)
{
	qemu_set_fd_handler(event_notifier_get_fd(&started), NULL, NULL, NULL);
	event_notifier_cleanup(&started);
	prctl(PR_SET_PDEATHSIG, parent_signal);
	if (getppid() != parent)
		raise(parent_signal); /* it died meanwhile */
	parent_signal = 0;
}

void proxy_parent_watch(void)
{
	static bool watching;

	if (watching || !parent_signal || event_notifier_init(&started, 1))
		return;
	watching = true;
	qemu_set_fd_handler(event_notifier_get_fd(&started), rearm, NULL, NULL);
}

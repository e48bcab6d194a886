/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps QEMU's parent-death signal (PR_SET_PDEATHSIG). The kernel resets it when a process
 * changes its user, as QEMU does for -runas after the devices are made. Without it QEMU
 * would outlive a killed mpring, and its device processes would not.
 */
#include "proxy/qemu/pci_proxy_dev.h"

#include <sys/prctl.h>

#include "qemu/main-loop.h"

static int parent_signal; /* 0: none */
static pid_t parent;
static EventNotifier started; /* readable: its handler runs first in QEMU's main loop */

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

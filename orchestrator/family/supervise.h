/* SPDX-License-Identifier: MIT */
/*
 * Supervises QEMU and its remote processes until all have ended, in GLib's default main context,
 * whose other sources are served meanwhile.
 */
#ifndef MPR_ORCHESTRATOR_FAMILY_SUPERVISE_H
#define MPR_ORCHESTRATOR_FAMILY_SUPERVISE_H

struct mpr_family;

/*
 * Waits for QEMU's end, forwarding signals to it and reporting remotes that end before it. Then
 * waits for the remotes, which end when their sockets hang up; those that do not get SIGTERM, then
 * SIGKILL. Returns QEMU's exit status, or 128 + N if signal N killed it, which is reported.
 */
int mpr_supervise(struct mpr_family *family);

#endif

/* SPDX-License-Identifier: MIT */
/* Keeps QEMU's proxies informed of the remote disks from which the machine may boot. */
#ifndef MPR_ORCHESTRATOR_VM_BOOT_UPDATE_H
#define MPR_ORCHESTRATOR_VM_BOOT_UPDATE_H

#include "orchestrator/vm/change.h"

/* Tells the proxy what there is to boot from behind its adapter. */
void mpr_change_tell_boot_order(struct mpr_change *change, const struct mpr_remote_option *adapter,
				mpr_qmp_reply_fn reply);

/* The adapter of a disk that boots, if QEMU has its proxy; NULL: there is nothing to tell. */
const struct mpr_remote_option *mpr_change_boot_proxy(const struct mpr_change *change);

/* The disk is not there, or not any more. */
void mpr_change_leave_boot_order(struct mpr_change *change);

#endif

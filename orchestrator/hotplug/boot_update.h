/* SPDX-License-Identifier: MIT */
/* Updates boot-order= of the proxies in QEMU when disks that boot come and go. */
#ifndef MPR_ORCHESTRATOR_HOTPLUG_BOOT_UPDATE_H
#define MPR_ORCHESTRATOR_HOTPLUG_BOOT_UPDATE_H

#include "orchestrator/hotplug/change.h"

/* Sets boot-order= of the adapter's proxy to what the plan says now. */
void mpr_change_tell_boot_order(struct mpr_change *change, const struct mpr_remote_option *adapter,
				mpr_qmp_reply_fn reply);

/* The adapter whose proxy the change concerns. NULL: none, as the disk does not boot or QEMU does
 * not have the proxy. */
const struct mpr_remote_option *mpr_change_boot_proxy(const struct mpr_change *change);

/* Marks the disk as going, and removes it from the boot order. */
void mpr_change_leave_boot_order(struct mpr_change *change);

#endif

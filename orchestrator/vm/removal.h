/* SPDX-License-Identifier: MIT */
/* Removing a device from a remote process. */
#ifndef MPR_ORCHESTRATOR_VM_REMOVAL_H
#define MPR_ORCHESTRATOR_VM_REMOVAL_H

struct mpr_change;

/* Sends device_del. The change ends when that has succeeded and DEVICE_DELETED has come, or when it
 * has failed. */
void mpr_change_remove(struct mpr_change *change);

#endif

/* SPDX-License-Identifier: MIT */
/* A device is removed from a remote process. */
#ifndef MPR_ORCHESTRATOR_VM_REMOVAL_H
#define MPR_ORCHESTRATOR_VM_REMOVAL_H

struct mpr_change;

/* Ends the change when the remote has said yes and the device is gone, or has said no. */
void mpr_change_remove(struct mpr_change *change);

#endif

/* SPDX-License-Identifier: MIT */
/* -device scsi-hd: attaching a drive to an adapter's bus. */
#ifndef MPR_REMOTE_DISKS_H
#define MPR_REMOTE_DISKS_H

#include "remote/machine.h"

/* The adapters and drives are built. As mpr_machine_build(). */
int mpr_disk_build(struct mpr_machine *machine, struct mpr_opts *opts, char **error);

#endif

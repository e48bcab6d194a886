/* SPDX-License-Identifier: MIT */
/* The model of -device scsi-hd: a struct mpr_scsi_disk with QEMU's properties. */
#ifndef MPR_DEV_SCSI_DISK_SCSI_HD_H
#define MPR_DEV_SCSI_DISK_SCSI_HD_H

#include "dev/bus.h"

extern const struct mpr_disk_ops mpr_scsi_hd_ops;

#endif

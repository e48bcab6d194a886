/* SPDX-License-Identifier: MIT */
/*
 * LSI53C895A PCI to Ultra2 SCSI host adapter, driver name "lsi53c895a".
 *
 * BAR 0: operating registers in I/O space, 256 bytes. BAR 1: the same in
 * memory space, repeated to 1 KiB. BAR 2: SCRIPTS RAM, 8 KiB.
 */
#ifndef MPR_DEV_LSI53C895A_LSI53C895A_H
#define MPR_DEV_LSI53C895A_LSI53C895A_H

#include "dev/device.h"

extern const struct mpr_device_ops mpr_lsi53c895a_ops;

#endif

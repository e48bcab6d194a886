/* SPDX-License-Identifier: MIT */
/* The real disks of dev/scsi behind the chip, on images in memory. */
#ifndef MPR_TESTS_LSI53C895A_DISKS_H
#define MPR_TESTS_LSI53C895A_DISKS_H

#include "tests/lsi53c895a/machine.h"
#include "tests/scsi/fake_blk.h"

/* Attaches a disk; the image is freed by disks_free(). */
struct mpr_blk *disks_attach(struct machine *m, unsigned id, unsigned lun, uint64_t size);
/* Completes all I/O that is in flight. True if there was any. */
bool disks_poll(void);
/* Runs chip and disks until all are idle. */
void disks_finish(struct machine *m);
/* After machine_free(). */
void disks_free(void);

#endif

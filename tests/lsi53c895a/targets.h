/* SPDX-License-Identifier: MIT */
/*
 * Targets for tests: a small implementation of dev/scsi/scsi.h that does what a
 * test says, when it says it. All logical units of a bus share one medium of
 * 512-byte blocks. Commands: TEST UNIT READY (00), INQUIRY (12, 36 bytes of
 * data), READ and WRITE (28, 2A).
 */
#ifndef MPR_TESTS_LSI53C895A_TARGETS_H
#define MPR_TESTS_LSI53C895A_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/scsi/scsi.h"
#include "tests/lsi53c895a/machine.h"

enum { BLOCKS = 4096, INQUIRY_SIZE = 36 };

struct targets {
	unsigned present;  /* a bit for each ID; 0 to 2 at first */
	bool later;	   /* answers come from targets_poll(), not at once */
	bool late_cancel;  /* so do the ends of cancelled tasks */
	bool newest_first; /* the order of targets_poll() */
	size_t chunk;	   /* most bytes of a chunk */
	uint8_t status;	   /* of the next commands, GOOD at first */
	uint64_t end_at;   /* commands end after so many bytes */
	unsigned live;	   /* tasks */
	unsigned started, completed, cancelled, in_place;
	unsigned bus_resets, power_ons, target_resets;
	uint8_t last_cdb[MPR_SCSI_MAX_CDB];
	size_t last_cdb_len;
	unsigned last_lun, last_tag;
	unsigned last_nsg;
	uint8_t medium[BLOCKS * BLOCK];
};

struct targets *targets_of(struct mpr_bus *bus);
/* Completes what each task waits for. True if there was anything. */
bool targets_poll(struct mpr_bus *bus);
/* Runs chip and targets until all are idle. */
void targets_finish(struct machine *m);

#endif

/* SPDX-License-Identifier: MIT */
/* Sense data (SPC-3, 4.5): what went wrong, and its two formats. */
#ifndef MPR_DEV_SCSI_SENSE_H
#define MPR_DEV_SCSI_SENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blk/blk.h"

struct scsi_sense {
	uint8_t key, asc, ascq;
	bool valid; /* `information` has a meaning */
	uint64_t information;
};

#define SCSI_SENSE(k, code, qualifier) \
	((struct scsi_sense){.key = (k), .asc = (code), .ascq = (qualifier)})

#define SENSE_NO_SENSE SCSI_SENSE(0x0, 0x00, 0x00)
#define SENSE_STOPPED SCSI_SENSE(0x2, 0x04, 0x02)
#define SENSE_NOT_READY SCSI_SENSE(0x2, 0x04, 0x03)
#define SENSE_TRAY_OPEN SCSI_SENSE(0x2, 0x3A, 0x02)
#define SENSE_READ_ERROR SCSI_SENSE(0x3, 0x11, 0x00)
#define SENSE_WRITE_ERROR SCSI_SENSE(0x3, 0x0C, 0x00)
#define SENSE_INTERNAL_FAILURE SCSI_SENSE(0x4, 0x44, 0x00)
#define SENSE_LIST_LENGTH SCSI_SENSE(0x5, 0x1A, 0x00)
#define SENSE_INVALID_OPCODE SCSI_SENSE(0x5, 0x20, 0x00)
#define SENSE_LBA_OUT_OF_RANGE SCSI_SENSE(0x5, 0x21, 0x00)
#define SENSE_INVALID_FIELD_IN_CDB SCSI_SENSE(0x5, 0x24, 0x00)
#define SENSE_LUN_NOT_SUPPORTED SCSI_SENSE(0x5, 0x25, 0x00)
#define SENSE_INVALID_FIELD_IN_LIST SCSI_SENSE(0x5, 0x26, 0x00)
#define SENSE_SAVING_NOT_SUPPORTED SCSI_SENSE(0x5, 0x39, 0x00)
#define SENSE_REMOVAL_PREVENTED SCSI_SENSE(0x5, 0x53, 0x02)
#define SENSE_POWER_ON SCSI_SENSE(0x6, 0x29, 0x01)
#define SENSE_BUS_RESET SCSI_SENSE(0x6, 0x29, 0x02)
#define SENSE_DEVICE_RESET SCSI_SENSE(0x6, 0x29, 0x03)
#define SENSE_CAPACITY_CHANGED SCSI_SENSE(0x6, 0x2A, 0x09)
#define SENSE_LUNS_CHANGED SCSI_SENSE(0x6, 0x3F, 0x0E)
#define SENSE_WRITE_PROTECTED SCSI_SENSE(0x7, 0x27, 0x00)
#define SENSE_SOFTWARE_WRITE_PROTECTED SCSI_SENSE(0x7, 0x27, 0x02)
#define SENSE_SPACE_ALLOCATION_FAILED SCSI_SENSE(0x7, 0x27, 0x07)
#define SENSE_OVERLAPPED_COMMANDS SCSI_SENSE(0xB, 0x4E, 0x00)
#define SENSE_MISCOMPARE SCSI_SENSE(0xE, 0x1D, 0x00)

#define SCSI_SENSE_MAX 20 /* bytes of sense data in either format */

/* Writes the sense data to `out`; returns its length. */
size_t scsi_sense_format(const struct scsi_sense *sense, bool descriptor,
			 uint8_t out[SCSI_SENSE_MAX]);

/* What a failed request to the disk image means to the initiator; `error` is a
 * negative errno. */
struct scsi_sense scsi_sense_of_io(enum mpr_blk_op op, int error);

#endif

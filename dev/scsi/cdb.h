/* SPDX-License-Identifier: MIT */
/* Command descriptor blocks (SPC-3, 4.3): lengths and the fields that many commands share. */
#ifndef MPR_DEV_SCSI_CDB_H
#define MPR_DEV_SCSI_CDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Operation codes. */
enum {
	SCSI_TEST_UNIT_READY = 0x00,
	SCSI_REQUEST_SENSE = 0x03,
	SCSI_READ_6 = 0x08,
	SCSI_WRITE_6 = 0x0A,
	SCSI_INQUIRY = 0x12,
	SCSI_MODE_SELECT_6 = 0x15,
	SCSI_RESERVE_6 = 0x16,
	SCSI_RELEASE_6 = 0x17,
	SCSI_MODE_SENSE_6 = 0x1A,
	SCSI_START_STOP_UNIT = 0x1B,
	SCSI_PREVENT_ALLOW = 0x1E,
	SCSI_READ_CAPACITY_10 = 0x25,
	SCSI_READ_10 = 0x28,
	SCSI_WRITE_10 = 0x2A,
	SCSI_SEEK_10 = 0x2B,
	SCSI_WRITE_AND_VERIFY_10 = 0x2E,
	SCSI_VERIFY_10 = 0x2F,
	SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
	SCSI_UNMAP = 0x42,
	SCSI_MODE_SELECT_10 = 0x55,
	SCSI_RESERVE_10 = 0x56,
	SCSI_RELEASE_10 = 0x57,
	SCSI_MODE_SENSE_10 = 0x5A,
	SCSI_READ_16 = 0x88,
	SCSI_COMPARE_AND_WRITE = 0x89,
	SCSI_WRITE_16 = 0x8A,
	SCSI_WRITE_AND_VERIFY_16 = 0x8E,
	SCSI_VERIFY_16 = 0x8F,
	SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
	SCSI_SERVICE_ACTION_IN_16 = 0x9E,
	SCSI_REPORT_LUNS = 0xA0,
	SCSI_MAINTENANCE_IN = 0xA3,
	SCSI_READ_12 = 0xA8,
	SCSI_WRITE_12 = 0xAA,
	SCSI_WRITE_AND_VERIFY_12 = 0xAE,
	SCSI_VERIFY_12 = 0xAF,
};

/* Service actions, in bits 4:0 of byte 1. */
#define SCSI_SERVICE_ACTION_MASK 0x1F
#define SCSI_SA_READ_CAPACITY_16 0x10
#define SCSI_SA_REPORT_SUPPORTED_OPCODES 0x0C

/* Byte 1 of the commands that access the medium. */
#define SCSI_CDB_PROTECT 0xE0
#define SCSI_CDB_DPO 0x10
#define SCSI_CDB_FUA 0x08
#define SCSI_CDB_FUA_NV 0x02 /* READ and WRITE: a non-volatile cache would do */
#define SCSI_CDB_BYTCHK 0x06
#define SCSI_BYTCHK_NONE 0x00
#define SCSI_BYTCHK_ALL 0x02
#define SCSI_BYTCHK_ONE_BLOCK 0x06

/* Of byte 1, in SCSI-2. IDENTIFY overrides it (SCSI-2, 7.2.2). */
#define SCSI_CDB_LUN 0xE0

/* The control byte, last of every CDB: all but what is vendor-specific. */
#define SCSI_CONTROL_STANDARD 0x3F

/* Consecutive logical blocks. */
struct scsi_extent {
	uint64_t lba, blocks;
};

/* Bytes of a CDB with this operation code; 0: the group has no fixed length. */
size_t scsi_cdb_length(uint8_t opcode);

/* The logical block address and the transfer length of a READ, WRITE, VERIFY
 * or SYNCHRONIZE CACHE. In the 6-byte commands, 0 blocks means 256. */
struct scsi_extent scsi_cdb_extent(const uint8_t *cdb);

#endif

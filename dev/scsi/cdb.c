/* SPDX-License-Identifier: MIT */
#include "dev/scsi/cdb.h"

#include "dev/scsi/bytes.h"

size_t scsi_cdb_length(uint8_t opcode)
{
	static const uint8_t group_length[8] = {6, 10, 10, 0, 16, 12, 0, 0};

	return group_length[opcode >> 5];
}

struct scsi_extent scsi_cdb_extent(const uint8_t *cdb)
{
	switch (scsi_cdb_length(cdb[0])) {
	case 6:
		return (struct scsi_extent){scsi_get24(cdb + 1) & 0x1FFFFF, cdb[4] ? cdb[4] : 256};
	case 10:
		return (struct scsi_extent){scsi_get32(cdb + 2), scsi_get16(cdb + 7)};
	case 12:
		return (struct scsi_extent){scsi_get32(cdb + 2), scsi_get32(cdb + 6)};
	default:
		return (struct scsi_extent){scsi_get64(cdb + 2), scsi_get32(cdb + 10)};
	}
}

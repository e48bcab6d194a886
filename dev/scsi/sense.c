/* SPDX-License-Identifier: MIT */
#include "dev/scsi/sense.h"

#include <errno.h>
#include <string.h>

#include "dev/scsi/bytes.h"

#define FIXED_LENGTH 18
#define FIXED_CURRENT 0x70
#define FIXED_VALID 0x80
#define DESCRIPTOR_HEADER 8
#define DESCRIPTOR_CURRENT 0x72
#define INFORMATION_DESCRIPTOR 12 /* bytes; its type is 0 */

static size_t format_fixed(const struct scsi_sense *sense, uint8_t *out)
{
	out[0] = FIXED_CURRENT;
	if (sense->valid && sense->information <= UINT32_MAX) {
		out[0] |= FIXED_VALID;
		scsi_put32(out + 3, (uint32_t)sense->information);
	}
	out[2] = sense->key;
	out[7] = FIXED_LENGTH - 8;
	out[12] = sense->asc;
	out[13] = sense->ascq;
	return FIXED_LENGTH;
}

static size_t format_descriptor(const struct scsi_sense *sense, uint8_t *out)
{
	out[0] = DESCRIPTOR_CURRENT;
	out[1] = sense->key;
	out[2] = sense->asc;
	out[3] = sense->ascq;
	if (!sense->valid)
		return DESCRIPTOR_HEADER;
	out[7] = INFORMATION_DESCRIPTOR;
	out[9] = INFORMATION_DESCRIPTOR - 2;
	out[10] = FIXED_VALID;
	scsi_put64(out + 12, sense->information);
	return DESCRIPTOR_HEADER + INFORMATION_DESCRIPTOR;
}

size_t scsi_sense_format(const struct scsi_sense *sense, bool descriptor,
			 uint8_t out[SCSI_SENSE_MAX])
{
	memset(out, 0, SCSI_SENSE_MAX);
	return descriptor ? format_descriptor(sense, out) : format_fixed(sense, out);
}

struct scsi_sense scsi_sense_of_io(enum mpr_blk_op op, int error)
{
	switch (-error) {
	case EIO:
		return op == MPR_BLK_READ ? SENSE_READ_ERROR : SENSE_WRITE_ERROR;
	case ENOSPC:
	case EDQUOT:
		return SENSE_SPACE_ALLOCATION_FAILED;
	default:
		return SENSE_INTERNAL_FAILURE;
	}
}

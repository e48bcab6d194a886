/* SPDX-License-Identifier: MIT */
/* READ CAPACITY (SBC-3, 5.15 and 5.16). */
#include "dev/scsi/bytes.h"
#include "dev/scsi/disk/disk_lu.h"

#define LENGTH_10 8
#define LENGTH_16 32
#define LBPME 0x80 /* thin provisioning */
#define PMI 0x01   /* partial medium indicator, obsolete: nothing is partial */

uint64_t scsi_disk_capacity_10_bytes(const struct scsi_task *t)
{
	(void)t;
	return LENGTH_10;
}

static bool bad_address(uint64_t lba, uint8_t flags)
{
	return lba && !(flags & PMI);
}

void scsi_disk_read_capacity_10(struct scsi_task *t)
{
	uint64_t last = scsi_disk_of(t)->blocks - 1;
	uint8_t out[LENGTH_10];

	if (bad_address(scsi_get32(t->cdb + 2), t->cdb[8])) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	scsi_put32(out, last < UINT32_MAX ? (uint32_t)last : UINT32_MAX);
	scsi_put32(out + 4, t->lu->block_size);
	scsi_task_reply(t, out, sizeof(out));
}

/* The power of two of logical blocks in a physical block. */
static unsigned physical_exponent(const struct scsi_disk *disk)
{
	return (unsigned)__builtin_ctz(disk->physical_block_size / disk->lu.block_size);
}

/* Protection: none. What is unmapped may read as anything (LBPRZ 0). */
void scsi_disk_read_capacity_16(struct scsi_task *t)
{
	const struct scsi_disk *disk = scsi_disk_of(t);
	uint8_t out[LENGTH_16] = {0};

	if (bad_address(scsi_get64(t->cdb + 2), t->cdb[14])) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	scsi_put64(out, disk->blocks - 1);
	scsi_put32(out + 8, disk->lu.block_size);
	out[13] = (uint8_t)physical_exponent(disk);
	out[14] = disk->thin ? LBPME : 0;
	scsi_task_reply(t, out, sizeof(out));
}

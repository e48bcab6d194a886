/* SPDX-License-Identifier: MIT */
#include "dev/scsi/commands.h"

#include "dev/scsi/bus.h"
#include "dev/scsi/bytes.h"

uint64_t scsi_length_at_3(const struct scsi_task *t)
{
	return scsi_get16(t->cdb + 3);
}

uint64_t scsi_length_at_4(const struct scsi_task *t)
{
	return t->cdb[4];
}

uint64_t scsi_length_at_6(const struct scsi_task *t)
{
	return scsi_get32(t->cdb + 6);
}

uint64_t scsi_length_at_7(const struct scsi_task *t)
{
	return scsi_get16(t->cdb + 7);
}

uint64_t scsi_length_at_10(const struct scsi_task *t)
{
	return scsi_get32(t->cdb + 10);
}

void scsi_no_operation(struct scsi_task *t)
{
	scsi_task_good(t);
}

/* ---- REQUEST SENSE ---------------------------------------------------- */

#define REQUEST_SENSE_DESC 0x01

void scsi_reply_sense(struct scsi_task *t, const struct scsi_sense *sense)
{
	uint8_t out[SCSI_SENSE_MAX];
	size_t len = scsi_sense_format(sense, t->cdb[1] & REQUEST_SENSE_DESC, out);

	scsi_task_reply(t, out, len);
}

void scsi_request_sense(struct scsi_task *t)
{
	struct scsi_sense sense = scsi_lu_take_sense(t->lu);

	scsi_reply_sense(t, &sense);
}

/* ---- REPORT LUNS ------------------------------------------------------ */

#define REPORT_LUNS_HEADER 8
#define REPORT_LUNS_ENTRY 8
#define REPORT_LUNS_MIN_ALLOCATION 16
#define SELECT_ADDRESSABLE 0x00
#define SELECT_WELL_KNOWN 0x01
#define SELECT_ALL 0x02

/* LUN 0 is always listed: it answers INQUIRY. */
static size_t list_luns(const struct scsi_task *t, uint8_t *list)
{
	size_t len = REPORT_LUNS_HEADER;

	for (unsigned lun = 0; lun < MPR_SCSI_MAX_LUNS; lun++) {
		if (lun && scsi_bus_lu(t->bus, t->pub.target, lun)->type->absent)
			continue;
		list[len + 1] = (uint8_t)lun;
		len += REPORT_LUNS_ENTRY;
	}
	return len;
}

void scsi_report_luns(struct scsi_task *t)
{
	uint8_t list[REPORT_LUNS_HEADER + MPR_SCSI_MAX_LUNS * REPORT_LUNS_ENTRY] = {0};
	size_t len = REPORT_LUNS_HEADER;
	uint8_t select = t->cdb[2];

	if (select > SELECT_ALL || t->pub.length < REPORT_LUNS_MIN_ALLOCATION) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (select != SELECT_WELL_KNOWN)
		len = list_luns(t, list);
	scsi_put32(list, (uint32_t)(len - REPORT_LUNS_HEADER));
	scsi_task_reply(t, list, len);
}

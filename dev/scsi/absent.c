/* SPDX-License-Identifier: MIT */
/* Logical units that are not there (SPC-3, 6.4.2, 6.21 and 6.27). */
#include <string.h>

#include "dev/scsi/bus.h"
#include "dev/scsi/commands.h"

#define STANDARD_LENGTH 36
#define EVPD 0x01
#define NOT_SUPPORTED 0x7F /* qualifier 3: no logical unit can be here */
#define NOT_CONNECTED 0x3F /* qualifier 1: the target has others */
#define VERSION_SPC_3 5
#define RESPONSE_FORMAT 2

static void inquiry(struct scsi_task *t)
{
	uint8_t data[STANDARD_LENGTH] = {0};

	if (t->cdb[1] & EVPD || t->cdb[2]) {
		scsi_task_check(t, SENSE_LUN_NOT_SUPPORTED);
		return;
	}
	data[0] = t->pub.lun == 0 ? NOT_CONNECTED : NOT_SUPPORTED;
	data[2] = VERSION_SPC_3;
	data[3] = RESPONSE_FORMAT;
	data[4] = STANDARD_LENGTH - 5;
	memset(data + 8, ' ', STANDARD_LENGTH - 8);
	scsi_task_reply(t, data, sizeof(data));
}

static void request_sense(struct scsi_task *t)
{
	scsi_reply_sense(t, &SENSE_LUN_NOT_SUPPORTED);
}

/* clang-format off */
static const struct scsi_command commands[] = {
	{SCSI_REQUEST_SENSE, 0, 0, MPR_SCSI_DATA_IN, scsi_length_at_4, request_sense,
	 {0x01, 0, 0, 0xFF}},
	{SCSI_INQUIRY, 0, 0, MPR_SCSI_DATA_IN, scsi_length_at_3, inquiry, {0x01, 0xFF, 0xFF, 0xFF}},
	{SCSI_REPORT_LUNS, 0, 0, MPR_SCSI_DATA_IN, scsi_length_at_6, scsi_report_luns,
	 {0, 0xFF, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}},
};
/* clang-format on */

const struct scsi_lu_type scsi_absent_type = {
	.commands = commands,
	.ncommands = sizeof(commands) / sizeof(commands[0]),
	.unsupported = {.key = 0x5, .asc = 0x25},
	.absent = true,
};

/* SPDX-License-Identifier: MIT */
/* REPORT SUPPORTED OPERATION CODES (SPC-3, 6.23), from the table of commands. */
#include <string.h>

#include "dev/scsi/bytes.h"
#include "dev/scsi/commands.h"

#define RCTD 0x80 /* return command timeouts descriptors */
#define OPTIONS 0x07
#define OPTION_ALL 0
#define OPTION_OPCODE 1
#define OPTION_SERVICE_ACTION 2

#define ALL_HEADER 4
#define ENTRY 8
#define ENTRY_CTDP 0x02
#define ENTRY_SERVACTV 0x01
#define ONE_HEADER 4
#define ONE_CTDP 0x80
#define NOT_SUPPORTED 0x01
#define SUPPORTED 0x03
#define TIMEOUTS 12 /* a timeouts descriptor; zeros: none is indicated */
#define MAX_COMMANDS 64

static size_t put_timeouts(uint8_t *out)
{
	scsi_put16(out, TIMEOUTS - 2);
	return TIMEOUTS;
}

static size_t put_entry(uint8_t *out, const struct scsi_command *c, bool timeouts)
{
	out[0] = c->opcode;
	if (c->flags & SCSI_CMD_SA) {
		scsi_put16(out + 2, c->service_action);
		out[5] = ENTRY_SERVACTV;
	}
	scsi_put16(out + 6, (uint32_t)scsi_cdb_length(c->opcode));
	if (!timeouts)
		return ENTRY;
	out[5] |= ENTRY_CTDP;
	return ENTRY + put_timeouts(out + ENTRY);
}

static void report_all(struct scsi_task *t, bool timeouts)
{
	const struct scsi_lu_type *type = t->lu->type;
	uint8_t out[ALL_HEADER + MAX_COMMANDS * (ENTRY + TIMEOUTS)] = {0};
	size_t len = ALL_HEADER;

	for (unsigned i = 0; i < type->ncommands && i < MAX_COMMANDS; i++)
		len += put_entry(out + len, &type->commands[i], timeouts);
	scsi_put32(out, (uint32_t)(len - ALL_HEADER));
	scsi_task_reply(t, out, len);
}

static void report_one(struct scsi_task *t, const struct scsi_command *c, bool timeouts)
{
	uint8_t out[ONE_HEADER + MPR_SCSI_MAX_CDB + TIMEOUTS] = {0};
	size_t len = ONE_HEADER;

	out[1] = c ? SUPPORTED : NOT_SUPPORTED;
	if (c) {
		size_t cdb_len = scsi_cdb_length(c->opcode);

		scsi_put16(out + 2, (uint32_t)cdb_len);
		out[len] = c->opcode;
		memcpy(out + len + 1, c->usage, cdb_len - 1);
		out[len + 1] = scsi_lu_byte_1(t->lu, c);
		if (c->flags & SCSI_CMD_SA)
			out[len + 1] |= c->service_action;
		len += cdb_len;
	}
	if (c && timeouts) {
		out[1] |= ONE_CTDP;
		len += put_timeouts(out + len);
	}
	scsi_task_reply(t, out, len);
}

static bool has_service_actions(const struct scsi_lu_type *type, uint8_t opcode)
{
	for (unsigned i = 0; i < type->ncommands; i++) {
		if (type->commands[i].opcode == opcode)
			return type->commands[i].flags & SCSI_CMD_SA;
	}
	return false;
}

static const struct scsi_command *requested(const struct scsi_task *t)
{
	uint32_t service_action = scsi_get16(t->cdb + 4);
	uint8_t cdb[2] = {t->cdb[3], (uint8_t)service_action};

	return service_action <= SCSI_SERVICE_ACTION_MASK ? scsi_lu_command(t->lu, cdb) : NULL;
}

/* A service action goes with the codes that have them, and with no other. */
static bool option_fits(const struct scsi_task *t, uint8_t option)
{
	const struct scsi_command *c = requested(t);

	if (option == OPTION_OPCODE)
		return !has_service_actions(t->lu->type, t->cdb[3]);
	return !c || c->flags & SCSI_CMD_SA;
}

void scsi_report_supported_opcodes(struct scsi_task *t)
{
	uint8_t option = t->cdb[2] & OPTIONS;
	bool timeouts = t->cdb[2] & RCTD;

	if (option == OPTION_ALL)
		report_all(t, timeouts);
	else if (option > OPTION_SERVICE_ACTION || !option_fits(t, option))
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else
		report_one(t, requested(t), timeouts);
}

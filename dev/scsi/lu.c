/* SPDX-License-Identifier: MIT */
#include "dev/scsi/lu.h"

#include <string.h>

#include "dev/scsi/cdb.h"

void scsi_lu_init(struct mpr_scsi_lu *lu, const struct scsi_lu_type *type, unsigned target,
		  unsigned lun, uint32_t block_size)
{
	memset(lu, 0, sizeof(*lu));
	lu->type = type;
	lu->target = (uint8_t)target;
	lu->lun = (uint8_t)lun;
	lu->block_size = block_size;
	lu->ua = type->absent ? SCSI_UA_NONE : SCSI_UA_POWER_ON;
	TAILQ_INIT(&lu->tasks);
}

const struct scsi_command *scsi_lu_command(const struct mpr_scsi_lu *lu, const uint8_t *cdb)
{
	const struct scsi_command *end = lu->type->commands + lu->type->ncommands;

	for (const struct scsi_command *c = lu->type->commands; c < end; c++) {
		if (c->opcode != cdb[0])
			continue;
		if (!(c->flags & SCSI_CMD_SA) ||
		    c->service_action == (cdb[1] & SCSI_SERVICE_ACTION_MASK))
			return c;
	}
	return NULL;
}

void scsi_lu_was_reset(struct mpr_scsi_lu *lu, enum scsi_unit_attention ua)
{
	if (ua < lu->ua)
		lu->ua = ua;
	lu->sense_pending = false;
	lu->type->reset(lu);
}

struct scsi_sense scsi_lu_take_ua(struct mpr_scsi_lu *lu)
{
	enum scsi_unit_attention ua = lu->ua;

	lu->ua = SCSI_UA_NONE;
	switch (ua) {
	case SCSI_UA_POWER_ON:
		return SENSE_POWER_ON;
	case SCSI_UA_BUS_RESET:
		return SENSE_BUS_RESET;
	case SCSI_UA_DEVICE_RESET:
		return SENSE_DEVICE_RESET;
	default:
		return SENSE_NO_SENSE;
	}
}

struct scsi_sense scsi_lu_take_sense(struct mpr_scsi_lu *lu)
{
	if (!lu->sense_pending)
		return scsi_lu_take_ua(lu);
	lu->sense_pending = false;
	return lu->sense;
}

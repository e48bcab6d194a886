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
	lu->ua = type->absent ? 0 : 1u << SCSI_UA_POWER_ON;
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

uint8_t scsi_lu_byte_1(const struct mpr_scsi_lu *lu, const struct scsi_command *cmd)
{
	bool refused = lu->no_dpofua && cmd->flags & SCSI_CMD_DPOFUA;

	return refused ? cmd->usage[0] & ~(SCSI_CDB_DPO | SCSI_CDB_FUA) : cmd->usage[0];
}

void scsi_lu_was_reset(struct mpr_scsi_lu *lu, enum scsi_unit_attention ua)
{
	unsigned before = (1u << ua) - 1;

	lu->ua = lu->ua & before ? lu->ua & before : 1u << ua;
	lu->sense_pending = false;
	lu->type->reset(lu);
}

struct scsi_sense scsi_lu_take_ua(struct mpr_scsi_lu *lu)
{
	int first = __builtin_ffs((int)lu->ua) - 1;

	lu->ua &= lu->ua - 1;
	switch (first) {
	case SCSI_UA_POWER_ON:
		return SENSE_POWER_ON;
	case SCSI_UA_BUS_RESET:
		return SENSE_BUS_RESET;
	case SCSI_UA_DEVICE_RESET:
		return SENSE_DEVICE_RESET;
	case SCSI_UA_CAPACITY_CHANGED:
		return SENSE_CAPACITY_CHANGED;
	case SCSI_UA_LUNS_CHANGED:
		return SENSE_LUNS_CHANGED;
	default:
		return SENSE_NO_SENSE;
	}
}

/* A pending reset says already that everything may have changed. */
void scsi_lu_attention(struct mpr_scsi_lu *lu, enum scsi_unit_attention ua)
{
	if (!(lu->ua & ((1u << SCSI_UA_CAPACITY_CHANGED) - 1)))
		lu->ua |= 1u << ua;
}

void scsi_lu_leave(struct mpr_scsi_lu *lu)
{
	void (*removed)(void *opaque) = lu->removed;

	if (lu->ntasks)
		return;
	lu->removed = NULL;
	if (removed)
		removed(lu->removed_opaque);
	if (!lu->users)
		lu->type->destroy(lu);
}

struct scsi_sense scsi_lu_take_sense(struct mpr_scsi_lu *lu)
{
	if (!lu->sense_pending)
		return scsi_lu_take_ua(lu);
	lu->sense_pending = false;
	return lu->sense;
}

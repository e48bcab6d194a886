/* SPDX-License-Identifier: MIT */
/*
 * What a logical unit is to the bus: a table of the commands that it implements, a
 * task set, and sense data and unit attentions that wait for the initiator. A bus has
 * one initiator, so there is one set of these for each logical unit.
 */
#ifndef MPR_DEV_SCSI_LU_H
#define MPR_DEV_SCSI_LU_H

#include <sys/queue.h>

#include "dev/scsi/scsi.h"
#include "dev/scsi/sense.h"

struct scsi_task;
struct mpr_scsi_lu;

/* Attributes of a command. */
#define SCSI_CMD_SA 0x01     /* distinguished by its service action */
#define SCSI_CMD_MEDIUM 0x02 /* needs a medium that is ready */
/* Neither waits for its turn nor is stopped by a unit attention, and leaves
 * sense data alone: INQUIRY, REPORT LUNS, REQUEST SENSE. */
#define SCSI_CMD_ALWAYS 0x04
#define SCSI_CMD_EXCLUSIVE 0x08 /* no other task runs meanwhile */
#define SCSI_CMD_DPOFUA 0x10	/* byte 1 has DPO, and FUA if not VERIFY */

struct scsi_command {
	uint8_t opcode;
	uint8_t service_action;
	uint8_t flags;
	enum mpr_scsi_dir dir;
	/* Most bytes that the CDB allows to move; NULL: none. */
	uint64_t (*length)(const struct scsi_task *t);
	void (*run)(struct scsi_task *t);
	/* CDB bits that may be set, from byte 1 on (SPC-3, 6.23.3); byte 1
	 * without the service action. Any other that is ends the command. */
	uint8_t usage[MPR_SCSI_MAX_CDB - 1];
};

struct scsi_lu_type {
	const struct scsi_command *commands; /* in order of opcode, service action */
	unsigned ncommands;
	struct scsi_sense unsupported; /* for all other commands */
	/* Answers for logical units that are not there: it has no task set and
	 * keeps no sense data, and the members below are NULL. */
	bool absent;
	/* True when the medium is; else *why is the sense data to report. */
	bool (*ready)(const struct mpr_scsi_lu *lu, struct scsi_sense *why);
	void (*reset)(struct mpr_scsi_lu *lu); /* a hard reset (SAM-3, 6.3) */
	void (*destroy)(struct mpr_scsi_lu *lu);
};

/* Unit attention conditions, most important first. A reset replaces those after
 * it; the others wait for their turn (SPC-3, 4.5.6). */
enum scsi_unit_attention {
	SCSI_UA_POWER_ON,
	SCSI_UA_BUS_RESET,
	SCSI_UA_DEVICE_RESET,
	SCSI_UA_CAPACITY_CHANGED,
	SCSI_UA_LUNS_CHANGED,
};

TAILQ_HEAD(scsi_task_list, scsi_task);

struct mpr_scsi_lu {
	const struct scsi_lu_type *type;
	uint8_t target, lun;
	uint32_t block_size; /* bytes of a logical block */
	bool no_dpofua;	     /* DPO and FUA are refused */

	struct scsi_task_list tasks; /* the task set, oldest first */
	unsigned ntasks;
	bool running; /* the task set is being run */

	/* Being removed: it is at no address any more, and is freed when no task
	 * refers to it. */
	bool leaving;
	unsigned users; /* tasks from new to free */
	void (*removed)(void *opaque);
	void *removed_opaque;

	unsigned ua; /* the pending ones: bits, by enum scsi_unit_attention */
	/* Sense data that REQUEST SENSE will fetch. Commands that arrive do not
	 * clear it before the initiator has the status of the task it is from. */
	bool sense_pending;
	struct scsi_sense sense;
	const struct scsi_task *sense_task; /* NULL once that task is freed */
};

void scsi_lu_init(struct mpr_scsi_lu *lu, const struct scsi_lu_type *type, unsigned target,
		  unsigned lun, uint32_t block_size);

/* Attaches a logical unit, which the bus then owns. 0, or -EEXIST or -EINVAL. */
int scsi_bus_attach(struct mpr_scsi_bus *bus, struct mpr_scsi_lu *lu);

/* Goes on with the removal: reports it once the task set is empty, and frees the
 * logical unit once nothing refers to it. Only for one that is leaving. */
void scsi_lu_leave(struct mpr_scsi_lu *lu);

/* The command for a CDB of at least two bytes, or NULL. */
const struct scsi_command *scsi_lu_command(const struct mpr_scsi_lu *lu, const uint8_t *cdb);

/* Bits that byte 1 of the command's CDB may have set, without the service action. */
uint8_t scsi_lu_byte_1(const struct mpr_scsi_lu *lu, const struct scsi_command *cmd);

void scsi_lu_was_reset(struct mpr_scsi_lu *lu, enum scsi_unit_attention ua);
/* Makes a unit attention pending, unless a reset that includes it is. */
void scsi_lu_attention(struct mpr_scsi_lu *lu, enum scsi_unit_attention ua);
/* Takes the pending unit attention; no sense if there is none. */
struct scsi_sense scsi_lu_take_ua(struct mpr_scsi_lu *lu);
/* Takes what REQUEST SENSE reports: sense data, else unit attention. */
struct scsi_sense scsi_lu_take_sense(struct mpr_scsi_lu *lu);

#endif

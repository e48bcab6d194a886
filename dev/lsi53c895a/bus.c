/* SPDX-License-Identifier: MIT */
/*
 * The target's side of the SCSI bus: which phase it drives, when it disconnects,
 * reselects and releases it. One initiator, narrow targets, one nexus at a time.
 *
 *   selected -> MESSAGE OUT -> COMMAND -> data, STATUS -> COMMAND COMPLETE
 *                                 \-> SAVE DATA POINTER, DISCONNECT
 *                                     ... reselected -> data, STATUS ...
 *
 * After MESSAGE IN, ACK stays asserted and holds the target until the script clears
 * ACK or executes an instruction that needs the bus.
 */
#include "dev/lsi53c895a/bus.h"

#include <string.h>

#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/message_in.h"
#include "dev/lsi53c895a/chip/timers.h"
#include "dev/lsi53c895a/task.h"

static int task_phase(const struct lsi_bus *bus)
{
	const struct lsi_task *task = bus->task;

	if (!task || task->state == LSI_TASK_DONE)
		return LSI_STATUS;
	if (task->state != LSI_TASK_DATA)
		return LSI_NO_PHASE;
	return task->scsi->dir == MPR_SCSI_DATA_IN ? LSI_DATA_IN : LSI_DATA_OUT;
}

static int target_phase(const struct lsi_bus *bus)
{
	if (bus->state != LSI_BUS_CONNECTED || bus->ack || bus->stage == LSI_STAGE_ABORT)
		return LSI_NO_PHASE;
	if (bus->atn)
		return LSI_MESSAGE_OUT;
	if (lsi_messages_pending(bus))
		return LSI_MESSAGE_IN;
	switch (bus->stage) {
	case LSI_STAGE_SELECTED:
		return LSI_MESSAGE_OUT;
	case LSI_STAGE_COMMAND:
		return LSI_COMMAND;
	case LSI_STAGE_WORK:
		return task_phase(bus);
	default:
		return LSI_NO_PHASE;
	}
}

int lsi_bus_phase(struct lsi_chip *chip)
{
	int phase = target_phase(&chip->bus);

	if (phase != LSI_NO_PHASE)
		chip->regs.byte[LSI_SSTAT1] = phase;
	return phase;
}

/* The start of a connection, by either side. */
static void connect(struct lsi_chip *chip, unsigned target, enum lsi_stage stage)
{
	struct lsi_registers *r = &chip->regs;

	chip->bus = (struct lsi_bus){
		.state = LSI_BUS_CONNECTED,
		.stage = stage,
		.target = target,
		.tag = MPR_SCSI_UNTAGGED,
		.disc_priv = stage == LSI_STAGE_WORK,
	};
	r->byte[LSI_SCNTL2] |= LSI_SCNTL2_SDU;
	r->byte[LSI_SCNTL1] &= ~LSI_SCNTL1_IARB;
	if (r->byte[LSI_STIME1] & LSI_STIME1_HTHBA)
		lsi_timers_handshake(chip);
}

static void arbitrated(struct lsi_chip *chip, uint8_t result)
{
	uint8_t *sstat0 = &chip->regs.byte[LSI_SSTAT0];

	*sstat0 = (*sstat0 & ~(LSI_SSTAT0_WOA | LSI_SSTAT0_LOA)) | result;
}

void lsi_bus_select(struct lsi_chip *chip, unsigned target, bool atn)
{
	chip->regs.byte[LSI_SDID] = target;
	arbitrated(chip, LSI_SSTAT0_WOA);
	if (!mpr_scsi_target_present(mpr_scsi_bus_of(chip->dev.bus), target)) {
		chip->bus = (struct lsi_bus){.state = LSI_BUS_SELECTING};
		lsi_timers_selecting(chip);
		return;
	}
	connect(chip, target, LSI_STAGE_SELECTED);
	if (atn)
		lsi_bus_set_atn(chip);
}

static void forget(struct lsi_chip *chip)
{
	lsi_timers_bus_free(chip);
	chip->bus = (struct lsi_bus){.state = LSI_BUS_FREE};
	chip->regs.byte[LSI_SOCL] &= ~(LSI_LINE_ATN | LSI_LINE_ACK);
}

void lsi_bus_selection_timeout(struct lsi_chip *chip)
{
	forget(chip);
	lsi_raise_scsi(chip, 0, LSI_SIST1_STO);
}

/* The timer runs only while nobody answers: see forget(). */
void lsi_bus_selection_expired(void *chip)
{
	lsi_bus_selection_timeout(chip);
}

/* The target releases the bus. */
static void bus_free(struct lsi_chip *chip)
{
	bool announced = chip->bus.announced;
	struct lsi_task *task = chip->bus.task;

	forget(chip);
	if (task)
		lsi_task_disconnect(chip, task);
	if (!announced && (chip->regs.byte[LSI_SCNTL2] & LSI_SCNTL2_SDU))
		lsi_raise_scsi(chip, LSI_SIST0_UDC, 0);
}

bool lsi_bus_reselect(struct lsi_chip *chip)
{
	struct lsi_task *task = TAILQ_FIRST(&chip->ready);
	struct lsi_registers *r = &chip->regs;
	uint8_t message[3] = {0, MSG_SIMPLE, 0};

	if (!task || chip->bus.state != LSI_BUS_FREE)
		return false;
	TAILQ_REMOVE(&chip->ready, task, ready_link);
	task->ready = task->disconnected = false;
	connect(chip, task->target, LSI_STAGE_WORK);
	chip->bus.reselected = true;
	chip->bus.lun = task->lun;
	chip->bus.tag = task->tag;
	chip->bus.task = task;
	chip->stats.reselections++;

	message[0] = MSG_IDENTIFY | task->lun;
	message[2] = task->tag;
	lsi_message_queue(&chip->bus, message, task->tag == MPR_SCSI_UNTAGGED ? 1 : 3);
	arbitrated(chip, LSI_SSTAT0_LOA);
	r->byte[LSI_SSID] = LSI_SSID_VAL | task->target;
	if (!(r->byte[LSI_DCNTL] & LSI_DCNTL_COM))
		r->byte[LSI_SFBR] = 1 << (task->target & 7);
	if (r->byte[LSI_SIEN0] & LSI_SIST0_RSL)
		lsi_raise_scsi(chip, LSI_SIST0_RSL, 0);
	return true;
}

/* A host that enabled the interrupt is told of a reselection while it runs no
 * script. */
static bool host_takes_reselection(const struct lsi_chip *chip)
{
	const uint8_t *reg = chip->regs.byte;

	return !chip->running && (reg[LSI_SCID] & LSI_SCID_RRE) && (reg[LSI_SIEN0] & LSI_SIST0_RSL);
}

/* A host that sees SIST0.RST reuses its buffers, so it is raised only when no cancelled
 * command accesses them any more. */
static void report_reset(struct lsi_chip *chip)
{
	if (!chip->resetting || lsi_task_dying(chip, -1))
		return;
	chip->resetting = false;
	lsi_raise_scsi(chip, LSI_SIST0_RST, 0);
}

void lsi_bus_advance(struct lsi_chip *chip)
{
	struct lsi_bus *bus = &chip->bus;

	report_reset(chip);
	if (bus->state == LSI_BUS_FREE && host_takes_reselection(chip)) {
		lsi_bus_reselect(chip);
		return;
	}
	if (bus->state != LSI_BUS_CONNECTED || bus->ack)
		return;
	if (bus->stage == LSI_STAGE_ABORT && !lsi_task_dying(chip, bus->target))
		bus_free(chip);
	else if (bus->stage == LSI_STAGE_LEAVE && !bus->atn && !lsi_messages_pending(bus))
		bus_free(chip);
}

void lsi_bus_release_ack(struct lsi_chip *chip)
{
	if (!chip->bus.ack)
		return;
	chip->bus.ack = false;
	lsi_bus_advance(chip);
}

void lsi_bus_set_atn(struct lsi_chip *chip)
{
	chip->bus.atn = chip->bus.state == LSI_BUS_CONNECTED;
	chip->regs.byte[LSI_SOCL] |= LSI_LINE_ATN;
}

void lsi_bus_abandon(struct lsi_chip *chip)
{
	struct lsi_bus *bus = &chip->bus;

	if (bus->task)
		lsi_task_cancel(chip, bus->task);
	bus->stage = LSI_STAGE_ABORT;
	bus->announced = true;
	lsi_bus_advance(chip);
}

void lsi_bus_reset(struct lsi_chip *chip)
{
	forget(chip);
	chip->resetting = false;
	lsi_task_cancel_matching(chip, -1, -1, -1);
	lsi_task_settle(chip);
}

/* Bytes of a CDB, by the group of its operation code; 0: unknown. */
static unsigned cdb_group_length(uint8_t opcode)
{
	static const uint8_t length[8] = {6, 10, 10, 0, 16, 12, 0, 0};

	return length[opcode >> 5];
}

unsigned lsi_bus_command_room(const struct lsi_chip *chip)
{
	return MPR_SCSI_MAX_CDB - chip->bus.cdb_len;
}

static void start_command(struct lsi_chip *chip)
{
	struct lsi_bus *bus = &chip->bus;

	bus->stage = LSI_STAGE_WORK;
	bus->task = lsi_task_start(chip, &bus->status);
	lsi_bus_idle(chip);
}

/* Bytes beyond the CDB are ignored: firmware always sends 16. */
void lsi_bus_command_bytes(struct lsi_chip *chip, const uint8_t *bytes, unsigned len)
{
	struct lsi_bus *bus = &chip->bus;

	memcpy(bus->cdb + bus->cdb_len, bytes, len);
	bus->cdb_len += len;
	if (bus->cdb_len >= cdb_group_length(bus->cdb[0]))
		start_command(chip);
}

uint8_t lsi_bus_status_byte(struct lsi_chip *chip)
{
	static const uint8_t complete = MSG_COMMAND_COMPLETE;
	struct lsi_bus *bus = &chip->bus;
	uint8_t status = bus->task ? bus->task->scsi->status : bus->status;

	if (bus->task)
		lsi_task_free(chip, bus->task);
	lsi_message_queue(bus, &complete, 1);
	bus->stage = LSI_STAGE_LEAVE;
	bus->announced = true;
	return status;
}

void lsi_bus_idle(struct lsi_chip *chip)
{
	static const uint8_t disconnect[] = {MSG_SAVE_DATA_POINTER, MSG_DISCONNECT};
	struct lsi_bus *bus = &chip->bus;

	if (bus->stage != LSI_STAGE_WORK || !bus->disc_priv || bus->atn ||
	    lsi_messages_pending(bus) || !bus->task || bus->task->state != LSI_TASK_BUSY)
		return;
	lsi_message_queue(bus, disconnect, sizeof(disconnect));
	bus->stage = LSI_STAGE_LEAVE;
	bus->announced = true;
}

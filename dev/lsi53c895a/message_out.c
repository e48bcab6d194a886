/* SPDX-License-Identifier: MIT */
/*
 * Messages from the initiator (SPI-2, 16). What it sent in a MESSAGE OUT phase is
 * parsed from a bounded copy. Each message looks for tasks anew: the one before it may
 * have cancelled them.
 */
#include "dev/lsi53c895a/message_out.h"

#include "dev/lsi53c895a/bus.h"
#include "dev/lsi53c895a/chip/message_in.h"
#include "dev/lsi53c895a/task.h"

enum { MIN_PERIOD = 10, MAX_OFFSET = 31 }; /* Fast-40, the chip's limits */

/* Answers; without room for the answer, the target drops the nexus. */
static void answer(struct lsi_chip *chip, const uint8_t *msg, size_t len)
{
	if (!lsi_message_queue(&chip->bus, msg, len))
		lsi_bus_abandon(chip);
}

static void reject(struct lsi_chip *chip)
{
	static const uint8_t message = MSG_REJECT;

	answer(chip, &message, 1);
}

static uint8_t agreed_period(uint8_t period)
{
	return period < MIN_PERIOD ? MIN_PERIOD : period;
}

static uint8_t agreed_offset(uint8_t offset)
{
	return offset > MAX_OFFSET ? MAX_OFFSET : offset;
}

static void negotiate_sync(struct lsi_chip *chip, const uint8_t *msg)
{
	answer(chip,
	       (uint8_t[]){MSG_EXTENDED, 3, MSG_EXT_SDTR, agreed_period(msg[3]),
			   agreed_offset(msg[4])},
	       5);
}

/* Targets are narrow. */
static void negotiate_wide(struct lsi_chip *chip)
{
	answer(chip, (uint8_t[]){MSG_EXTENDED, 2, MSG_EXT_WDTR, 0}, 4);
}

/* Period, offset; narrow, and no option such as double transitions. */
static void negotiate_parallel(struct lsi_chip *chip, const uint8_t *msg)
{
	answer(chip,
	       (uint8_t[]){MSG_EXTENDED, 6, MSG_EXT_PPR, agreed_period(msg[3]), 0,
			   agreed_offset(msg[5]), 0, 0},
	       8);
}

/* The functions below take the message at `msg`, of which `len` bytes, at least
 * one, were sent, and return how many bytes belong to it. */

static size_t extended(struct lsi_chip *chip, const uint8_t *msg, size_t len)
{
	size_t size = len < 2 ? 0 : 2 + (msg[1] ? msg[1] : 256);

	if (size == 0 || size > len) {
		reject(chip);
		return len;
	}
	if (msg[2] == MSG_EXT_SDTR && size == 5)
		negotiate_sync(chip, msg);
	else if (msg[2] == MSG_EXT_WDTR && size == 4)
		negotiate_wide(chip);
	else if (msg[2] == MSG_EXT_PPR && size == 8)
		negotiate_parallel(chip, msg);
	else
		reject(chip);
	return size;
}

static size_t queue_tag(struct lsi_chip *chip, const uint8_t *msg, size_t len)
{
	static const enum mpr_scsi_attr attr[] = {MPR_SCSI_SIMPLE, MPR_SCSI_HEAD_OF_QUEUE,
						  MPR_SCSI_ORDERED};
	struct lsi_bus *bus = &chip->bus;

	if (len < 2) {
		reject(chip);
		return len;
	}
	if (!bus->task) {
		bus->tag = msg[1];
		bus->attr = attr[msg[0] - MSG_SIMPLE];
	}
	return 2;
}

static void identify(struct lsi_bus *bus, uint8_t msg)
{
	bus->disc_priv = msg & MSG_IDENTIFY_DISC_PRIV;
	if (!bus->task)
		bus->lun = msg & MSG_IDENTIFY_LUN;
	if (bus->stage == LSI_STAGE_SELECTED)
		bus->stage = LSI_STAGE_COMMAND;
}

/* The bus is free when the tasks have ended. */
static void abort_tasks(struct lsi_chip *chip, int lun, int tag)
{
	lsi_task_cancel_matching(chip, chip->bus.target, lun, tag);
	chip->bus.stage = LSI_STAGE_ABORT;
	chip->bus.announced = false;
}

static void target_reset(struct lsi_chip *chip)
{
	abort_tasks(chip, -1, -1);
	mpr_scsi_target_was_reset(mpr_scsi_bus_of(chip->dev.bus), chip->bus.target);
}

/* Before an IDENTIFY there is no logical unit whose tasks could be meant. */
static void abort_task_set(struct lsi_chip *chip)
{
	if (chip->bus.stage != LSI_STAGE_SELECTED)
		abort_tasks(chip, chip->bus.lun, -1);
	chip->bus.stage = LSI_STAGE_ABORT;
	chip->bus.announced = false;
}

static size_t message(struct lsi_chip *chip, const uint8_t *msg, size_t len)
{
	struct lsi_bus *bus = &chip->bus;

	if (msg[0] & MSG_IDENTIFY) {
		identify(bus, msg[0]);
		return 1;
	}
	switch (msg[0]) {
	case MSG_EXTENDED:
		return extended(chip, msg, len);
	case MSG_SIMPLE:
	case MSG_HEAD_OF_QUEUE:
	case MSG_ORDERED:
		return queue_tag(chip, msg, len);
	case MSG_ABORT_TASK_SET:
	case MSG_CLEAR_TASK_SET:
		abort_task_set(chip);
		return 1;
	case MSG_ABORT_TASK:
		abort_tasks(chip, bus->lun, bus->tag);
		return 1;
	case MSG_TARGET_RESET:
		target_reset(chip);
		return 1;
	case MSG_DISCONNECT:
	case MSG_INITIATOR_DETECTED_ERROR:
	case MSG_REJECT:
	case MSG_NO_OPERATION:
	case MSG_PARITY_ERROR:
		return 1;
	default:
		reject(chip);
		return 1;
	}
}

void lsi_message_out(struct lsi_chip *chip, const uint8_t *msg, size_t len)
{
	struct lsi_bus *bus = &chip->bus;
	size_t n;

	bus->atn = false;
	chip->regs.byte[LSI_SOCL] &= ~LSI_LINE_ATN;
	for (; len && bus->state == LSI_BUS_CONNECTED; msg += n, len -= n)
		n = message(chip, msg, len);
	/* A first message without IDENTIFY leaves logical unit 0. */
	if (bus->state == LSI_BUS_CONNECTED && bus->stage == LSI_STAGE_SELECTED)
		bus->stage = LSI_STAGE_COMMAND;
	lsi_bus_advance(chip);
	if (bus->state == LSI_BUS_CONNECTED)
		lsi_bus_idle(chip);
}

/* SPDX-License-Identifier: MIT */
/*
 * Block moves: the transfer in each phase, and what happens when the target changes
 * the phase before the count is exhausted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dev/lsi53c895a/bus.h"
#include "dev/lsi53c895a/chip/engine.h"
#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/memory.h"
#include "dev/lsi53c895a/chip/message_in.h"
#include "dev/lsi53c895a/chip/timers.h"
#include "dev/lsi53c895a/chip/words.h"
#include "dev/lsi53c895a/instructions.h"
#include "dev/lsi53c895a/message_out.h"
#include "dev/lsi53c895a/program/opcodes.h"
#include "dev/lsi53c895a/program/operands.h"
#include "dev/lsi53c895a/program/segments.h"
#include "dev/lsi53c895a/task.h"

enum {
	MOVE_CHUNK = 65536,  /* bytes copied at once */
	BYTES_PER_STEP = 256 /* copied, cost as much as an instruction */
};

/* ---- Phases ------------------------------------------------------------ */

static bool is_data(enum lsi_phase phase)
{
	return phase == LSI_DATA_IN || phase == LSI_DATA_OUT;
}

static void mismatch(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	enum lsi_phase phase = chip->move.phase;
	uint8_t ccntl0 = r->byte[LSI_CCNTL0];
	bool jump = (ccntl0 & LSI_CCNTL0_ENPMJ) && (is_data(phase) || (ccntl0 & LSI_CCNTL0_ENNDJ));
	bool second =
		(ccntl0 & LSI_CCNTL0_PMJCTL) ? phase & 1 : r->byte[LSI_SCNTL2] & LSI_SCNTL2_WSR;

	lsi_move_finish(chip);
	if (jump)
		lsi_put32(r, LSI_DSP, lsi_get32(r, second ? LSI_PMJAD2 : LSI_PMJAD1));
	else
		lsi_raise_scsi(chip, LSI_SIST0_MA, 0);
}

/* ---- Transfers --------------------------------------------------------- */

/* Each moves up to `n` bytes from or to `addr` and returns how many, or -errno if that
 * memory cannot be accessed. */

/*
 * The data are where they were predicted, but the script moves them elsewhere. The
 * rest of the chunk is copied aside first, because source and destination may overlap.
 */
static int set_aside(struct lsi_chip *chip, struct lsi_task *task)
{
	struct lsi_segments *s = &task->segments;
	size_t left = task->scsi->chunk - task->pos, n;
	uint64_t addr;
	uint8_t *p, *to;

	chip->surprised = true;
	to = task->copy = calloc(1, left);
	if (!to)
		return -ENOMEM;
	task->copied_at = task->pos;
	for (; left && (n = lsi_segments_peek(s, left, &p, &addr)); left -= n, to += n) {
		memcpy(to, p, n);
		lsi_segments_consume(s, n);
	}
	return 0;
}

static int copy_in(struct lsi_chip *chip, uint64_t addr, const uint8_t *from, size_t n)
{
	if (lsi_memory_write(chip, addr, from, n))
		return -EFAULT;
	chip->budget -= n / BYTES_PER_STEP;
	chip->stats.bounced_bytes += n;
	return 0;
}

/* The next bytes, at most *n. *in_place: they are at `addr` already. NULL: out of
 * memory. */
static const uint8_t *find_data(struct lsi_chip *chip, struct lsi_task *task, uint64_t addr,
				size_t *n, bool *in_place)
{
	uint64_t foreseen = 0;
	uint8_t *p = NULL;
	size_t together;

	*in_place = false;
	if (task->scsi->buf)
		return (const uint8_t *)task->scsi->buf + task->pos;
	if (!task->copy) {
		together = lsi_segments_peek(&task->segments, *n, &p, &foreseen);
		if (together && foreseen == addr) {
			*in_place = true;
			*n = together;
			return p;
		}
		if (set_aside(chip, task))
			return NULL;
	}
	return task->copy + (task->pos - task->copied_at);
}

static ssize_t data_in(struct lsi_chip *chip, uint64_t addr, size_t n)
{
	struct lsi_task *task = chip->bus.task;
	size_t rest = task->scsi->chunk - task->pos;
	const uint8_t *from;
	bool in_place;

	n = n < rest ? n : rest;
	n = n < MOVE_CHUNK ? n : MOVE_CHUNK;
	from = find_data(chip, task, addr, &n, &in_place);
	if (!from || (!in_place && copy_in(chip, addr, from, n)))
		return -EFAULT;
	if (chip->move.done == 0)
		chip->regs.byte[LSI_SFBR] = from[0];
	if (!task->copy)
		lsi_segments_consume(&task->segments, n);
	lsi_task_moved(chip, task, n);
	return n;
}

static ssize_t copy_out(struct lsi_chip *chip, struct lsi_task *task, uint64_t addr, size_t n,
			size_t rest)
{
	n = n < MOVE_CHUNK ? n : MOVE_CHUNK;
	chip->budget -= n / BYTES_PER_STEP;
	return lsi_segments_copy(chip, &task->segments, addr, n, rest);
}

/* The target writes from guest memory where it is mapped; SCRIPTS RAM is copied. */
static ssize_t data_out(struct lsi_chip *chip, uint64_t addr, size_t n)
{
	struct lsi_task *task = chip->bus.task;
	size_t rest = task->scsi->chunk - task->pos;
	ssize_t ret = -EFAULT;

	n = n < rest ? n : rest;
	if (!lsi_segments_nearly_full(&task->segments) && lsi_memory_mappable(chip, addr, n))
		ret = lsi_segments_map(chip, &task->segments, addr, n, MPR_DMA_TO_DEVICE);
	if (ret < 0)
		ret = copy_out(chip, task, addr, n, rest);
	if (ret > 0)
		lsi_task_moved(chip, task, ret);
	return ret;
}

static ssize_t command(struct lsi_chip *chip, uint64_t addr, size_t n)
{
	uint8_t cdb[MPR_SCSI_MAX_CDB];
	size_t taken = lsi_bus_command_room(chip);

	if (taken > n)
		taken = n;
	if (lsi_memory_read(chip, addr, cdb, taken))
		return -EFAULT;
	lsi_bus_command_bytes(chip, cdb, taken);
	return n;
}

static ssize_t status(struct lsi_chip *chip, uint64_t addr)
{
	uint8_t byte = lsi_bus_status_byte(chip);

	chip->regs.byte[LSI_SFBR] = chip->regs.byte[LSI_SIDL] = byte;
	return lsi_memory_write(chip, addr, &byte, 1) ? -EFAULT : 1;
}

static ssize_t message_out(struct lsi_chip *chip, uint64_t addr, size_t n)
{
	uint8_t msg[LSI_MAX_MESSAGE_OUT];
	size_t len = n < sizeof(msg) ? n : sizeof(msg);

	if (lsi_memory_read(chip, addr, msg, len))
		return -EFAULT;
	lsi_message_out(chip, msg, len);
	return n;
}

static ssize_t message_in(struct lsi_chip *chip, uint64_t addr, size_t n)
{
	struct lsi_bus *bus = &chip->bus;
	uint8_t msg[LSI_MAX_MESSAGE_IN];
	size_t i;

	if (n > lsi_messages_pending(bus))
		n = lsi_messages_pending(bus);
	for (i = 0; i < n; i++)
		msg[i] = lsi_message_take(bus);
	chip->regs.byte[LSI_SFBR] = msg[0];
	chip->regs.byte[LSI_SIDL] = msg[n - 1];
	bus->ack = true;
	return lsi_memory_write(chip, addr, msg, n) ? -EFAULT : (ssize_t)n;
}

static ssize_t transfer(struct lsi_chip *chip, uint64_t addr, size_t n)
{
	switch (chip->move.phase) {
	case LSI_DATA_IN:
		return data_in(chip, addr, n);
	case LSI_DATA_OUT:
		return data_out(chip, addr, n);
	case LSI_COMMAND:
		return command(chip, addr, n);
	case LSI_STATUS:
		return status(chip, addr);
	case LSI_MESSAGE_OUT:
		return message_out(chip, addr, n);
	default:
		return message_in(chip, addr, n);
	}
}

/* ---- The instruction --------------------------------------------------- */

static bool start_move(struct lsi_chip *chip)
{
	struct lsi_registers *r = &chip->regs;
	int ret = lsi_move_decode(chip, r, &chip->insn, &chip->move);

	if (ret < 0) {
		lsi_raise_dma(chip, ret == -EFAULT ? LSI_DSTAT_BF : LSI_DSTAT_IID);
		return false;
	}
	lsi_put24(r, LSI_DBC, chip->move.count);
	if (chip->insn.word[0] & LSI_MOVE_NOT_CHAINED)
		r->byte[LSI_SCNTL2] &= ~LSI_SCNTL2_CHM;
	else
		r->byte[LSI_SCNTL2] |= LSI_SCNTL2_CHM;
	chip->move_started = true;
	return true;
}

static void count(struct lsi_chip *chip, size_t n)
{
	struct lsi_registers *r = &chip->regs;

	chip->move.done += n;
	if (is_data(chip->move.phase))
		lsi_put32(r, LSI_CSBC, lsi_get32(r, LSI_CSBC) + n);
}

/* Data moves end when the count is exhausted; others carry one message, CDB or
 * status, and end with it. */
static bool ended(const struct lsi_move *m)
{
	return m->done == m->count || !is_data(m->phase);
}

static enum lsi_result transfer_piece(struct lsi_chip *chip)
{
	struct lsi_move *m = &chip->move;
	ssize_t n = transfer(chip, m->address + m->done, m->count - m->done);

	if (n < 0)
		return lsi_bus_fault(chip);
	count(chip, n);
	lsi_timers_handshake(chip);
	if (!ended(m))
		return LSI_AGAIN;
	lsi_move_finish(chip);
	if (is_data(m->phase))
		lsi_bus_idle(chip);
	return LSI_FINISHED;
}

static enum lsi_result not_connected(struct lsi_chip *chip)
{
	if (chip->bus.state == LSI_BUS_SELECTING)
		lsi_bus_selection_timeout(chip);
	else
		lsi_raise_scsi(chip, LSI_SIST0_UDC, 0);
	return LSI_FINISHED;
}

enum lsi_result lsi_block_move(struct lsi_chip *chip)
{
	int phase;

	if (!chip->move_started && !start_move(chip))
		return LSI_FINISHED;
	lsi_bus_release_ack(chip);
	if (chip->bus.state != LSI_BUS_CONNECTED)
		return not_connected(chip);
	phase = lsi_bus_phase(chip);
	if (phase == LSI_NO_PHASE)
		return LSI_BLOCKED;
	if (phase != (int)chip->move.phase) {
		mismatch(chip);
		return LSI_FINISHED;
	}
	if (phase == LSI_COMMAND && !lsi_task_displace(chip))
		return LSI_BLOCKED;
	return transfer_piece(chip);
}

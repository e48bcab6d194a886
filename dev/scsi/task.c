/* SPDX-License-Identifier: MIT */
#include "dev/scsi/task.h"

#include <stdlib.h>
#include <string.h>

#include "dev/scsi/bus.h"
#include "dev/scsi/sg.h"
#include "dev/scsi/taskset.h"

#define BUFFER_ALIGNMENT 4096 /* of the strictest O_DIRECT */

static struct scsi_task *from_pub(struct mpr_scsi_task *pub)
{
	return (struct scsi_task *)((char *)pub - offsetof(struct scsi_task, pub));
}

static struct scsi_task *from_req(struct mpr_blk_req *req)
{
	return (struct scsi_task *)((char *)req - offsetof(struct scsi_task, req));
}

/* ---- Birth and death -------------------------------------------------- */

static void decode(struct scsi_task *t, const uint8_t *cdb, size_t len)
{
	size_t need = len ? scsi_cdb_length(cdb[0]) : 1;

	t->cdb_short = len < need;
	if (t->cdb_short)
		return;
	memcpy(t->cdb, cdb, need ? need : 1);
	t->cmd = scsi_lu_command(t->lu, t->cdb);
	if (!t->cmd)
		return;
	t->exclusive = t->cmd->flags & SCSI_CMD_EXCLUSIVE;
	if (t->cmd->length)
		t->pub.length = t->cmd->length(t);
	if (t->pub.length)
		t->pub.dir = t->cmd->dir;
}

/* A task of zeroes, from the pool if there is one. */
static struct scsi_task *allocate(struct mpr_scsi_bus *bus)
{
	struct scsi_task *t = TAILQ_FIRST(&bus->pool);

	if (!t)
		return calloc(1, sizeof(*t));
	TAILQ_REMOVE(&bus->pool, t, link);
	return memset(t, 0, sizeof(*t));
}

struct mpr_scsi_task *mpr_scsi_task_new(struct mpr_scsi_bus *bus, unsigned target, unsigned lun,
					unsigned tag, enum mpr_scsi_attr attr, const uint8_t *cdb,
					size_t cdb_len, void *hba_data)
{
	struct scsi_task *t = allocate(bus);

	if (!t)
		return NULL;
	t->pub.hba_data = hba_data;
	t->pub.target = (uint8_t)target;
	t->pub.lun = (uint8_t)lun;
	t->pub.tag = (uint16_t)tag;
	t->bus = bus;
	t->lu = scsi_bus_lu(bus, target, lun);
	t->lu->users++;
	t->attr = attr;
	decode(t, cdb, cdb_len);
	return &t->pub;
}

void mpr_scsi_task_free(struct mpr_scsi_task *task)
{
	struct scsi_task *t = from_pub(task);
	struct mpr_scsi_lu *lu = t->lu;

	if (lu->sense_task == t)
		lu->sense_task = NULL;
	free(t->trimmed);
	free(t->buf);
	TAILQ_INSERT_HEAD(&t->bus->pool, t, link);
	lu->users--;
	if (lu->leaving)
		scsi_lu_leave(lu);
}

/* ---- Ends ------------------------------------------------------------- */

static void run_task_set(struct mpr_scsi_lu *lu);

static void leave(struct scsi_task *t)
{
	if (!t->lu->type->absent)
		scsi_taskset_remove(t);
	t->state = SCSI_TASK_ENDED;
}

void scsi_task_end(struct scsi_task *t, uint8_t status)
{
	leave(t);
	t->pub.status = status;
	t->bus->ops->complete(t->bus->hba, &t->pub);
	run_task_set(t->lu);
}

void scsi_task_good(struct scsi_task *t)
{
	scsi_task_end(t, MPR_SCSI_GOOD);
}

/* CHECK CONDITION, with the task's sense data. */
static void release(struct scsi_task *t)
{
	t->lu->sense = t->sense;
	t->lu->sense_task = t;
	t->lu->sense_pending = true;
	scsi_task_end(t, MPR_SCSI_CHECK_CONDITION);
}

void scsi_task_check(struct scsi_task *t, struct scsi_sense sense)
{
	t->sense = sense;
	if (t->lu->type->absent)
		scsi_task_end(t, MPR_SCSI_CHECK_CONDITION);
	else if (t->lu->sense_pending && !t->lu->leaving)
		t->state = SCSI_TASK_HELD;
	else
		release(t);
}

/* Its request is not tried again or held after an error (rerror=, werror=), but ends. */
static void wait_no_more(struct scsi_task *t)
{
	t->req.report = true;
	mpr_blk_give_up(t->blk, &t->req);
}

void scsi_task_leave(struct scsi_task *t)
{
	if (t->state == SCSI_TASK_WAIT_IO)
		wait_no_more(t);
	else if (t->state != SCSI_TASK_CANCELLING)
		scsi_task_check(t, SENSE_LUN_NOT_SUPPORTED);
}

static void end_cancelled(struct scsi_task *t)
{
	leave(t);
	t->bus->ops->cancelled(t->bus->hba, &t->pub);
	run_task_set(t->lu);
}

void mpr_scsi_task_cancel(struct mpr_scsi_task *task)
{
	struct scsi_task *t = from_pub(task);

	switch (t->state) {
	case SCSI_TASK_QUEUED:
	case SCSI_TASK_WAIT_DATA:
	case SCSI_TASK_HELD:
		end_cancelled(t);
		break;
	case SCSI_TASK_WAIT_IO:
		t->state = SCSI_TASK_CANCELLING;
		t->exclusive = true;
		wait_no_more(t);
		break;
	default:
		break;
	}
}

/* ---- Starting --------------------------------------------------------- */

/* True if a bit is set that the command does not support. It may ask for something that
 * would not be done (a third party's reservation, NACA, a linked command). */
static bool has_unknown_bits(const struct scsi_task *t)
{
	const uint8_t *known = t->cmd->usage;
	size_t control = scsi_cdb_length(t->cdb[0]) - 1;
	int service_action = t->cmd->flags & SCSI_CMD_SA ? SCSI_SERVICE_ACTION_MASK : 0;
	int unknown = t->cdb[1] & ~(scsi_lu_byte_1(t->lu, t->cmd) | service_action | SCSI_CDB_LUN);

	for (size_t i = 2; i < control; i++)
		unknown |= t->cdb[i] & ~known[i - 1];
	return unknown || t->cdb[control] & SCSI_CONTROL_STANDARD;
}

/* What precedes every command is checked, then its handler runs. */
static void execute(struct scsi_task *t)
{
	const struct scsi_lu_type *type = t->lu->type;
	const struct scsi_command *cmd = t->cmd;
	struct scsi_sense why;

	t->state = SCSI_TASK_RUNNING;
	if (t->lu->ua && !scsi_task_runs_always(t))
		scsi_task_check(t, scsi_lu_take_ua(t->lu));
	else if (t->cdb_short)
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else if (!cmd)
		scsi_task_check(t, type->unsupported);
	else if (cmd->flags & SCSI_CMD_MEDIUM && !type->ready(t->lu, &why))
		scsi_task_check(t, why);
	else if (has_unknown_bits(t))
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else
		cmd->run(t);
}

/* One step; false when there is nothing to do. */
static bool run_one(struct mpr_scsi_lu *lu)
{
	struct scsi_task *t = scsi_taskset_next_held(lu);

	if (t) {
		release(t);
		return true;
	}
	t = scsi_taskset_next(lu);
	if (t)
		execute(t);
	return t != NULL;
}

/* Runs every task whose turn has come, and releases a held one if the sense data has
 * been fetched. Called whenever either may have changed; a call from within itself
 * leaves the work to the outer one. */
static void run_task_set(struct mpr_scsi_lu *lu)
{
	if (lu->leaving)
		scsi_lu_leave(lu);
	if (lu->running || lu->leaving)
		return;
	lu->running = true;
	while (run_one(lu))
		;
	lu->running = false;
}

/* Sense data that was not fetched is dropped when the next command comes. */
static void discard_sense(struct scsi_task *t)
{
	struct mpr_scsi_lu *lu = t->lu;

	if (!lu->sense_task && !scsi_task_runs_always(t))
		lu->sense_pending = false;
}

static void enter_task_set(struct scsi_task *t)
{
	bool overlapped = scsi_taskset_has_tag(t->lu, t->pub.tag);
	bool full = scsi_taskset_full(t->lu);

	discard_sense(t);
	scsi_taskset_add(t);
	if (t->lu->leaving)
		scsi_task_check(t, SENSE_LUN_NOT_SUPPORTED);
	else if (overlapped)
		scsi_task_check(t, SENSE_OVERLAPPED_COMMANDS);
	else if (full && !scsi_task_runs_always(t))
		scsi_task_end(t, MPR_SCSI_TASK_SET_FULL);
	else
		run_task_set(t->lu);
}

void mpr_scsi_task_start(struct mpr_scsi_task *task, const struct iovec *sg, unsigned nsg)
{
	struct scsi_task *t = from_pub(task);

	t->sg = sg;
	t->nsg = nsg;
	if (t->lu->type->absent)
		execute(t);
	else
		enter_task_set(t);
}

/* ---- Data ------------------------------------------------------------- */

uint8_t *scsi_task_buffer(struct scsi_task *t, size_t size)
{
	void *buf;

	if (t->buf)
		return t->buf;
	if (posix_memalign(&buf, BUFFER_ALIGNMENT, size)) {
		scsi_task_end(t, MPR_SCSI_BUSY);
		return NULL;
	}
	t->buf = memset(buf, 0, size);
	return t->buf;
}

void scsi_task_move(struct scsi_task *t, void *buf, size_t chunk, scsi_moved_fn then)
{
	if (t->lu->leaving) {
		scsi_task_check(t, SENSE_LUN_NOT_SUPPORTED);
		return;
	}
	t->pub.buf = buf;
	t->pub.chunk = chunk;
	t->moved = then;
	t->state = SCSI_TASK_WAIT_DATA;
	t->bus->ops->data(t->bus->hba, &t->pub);
}

void mpr_scsi_task_data_done(struct mpr_scsi_task *task, const struct iovec *sg, unsigned nsg)
{
	struct scsi_task *t = from_pub(task);

	if (t->state != SCSI_TASK_WAIT_DATA)
		return;
	t->pub.transferred += t->pub.chunk;
	t->state = SCSI_TASK_RUNNING;
	t->moved(t, sg, nsg);
}

static void reply_moved(struct scsi_task *t, const struct iovec *sg, unsigned nsg)
{
	(void)sg;
	(void)nsg;
	scsi_task_good(t);
}

void scsi_task_reply(struct scsi_task *t, const void *data, size_t len)
{
	if (len > t->pub.length)
		len = (size_t)t->pub.length;
	if (!len) {
		scsi_task_good(t);
		return;
	}
	uint8_t *buf = scsi_task_buffer(t, len);

	if (buf)
		scsi_task_move(t, memcpy(buf, data, len), len, reply_moved);
}

static void list_moved(struct scsi_task *t, const struct iovec *sg, unsigned nsg)
{
	size_t len = scsi_sg_gather(sg, nsg, 0, t->buf, (size_t)t->pub.length);

	t->list(t, t->buf, len);
}

void scsi_task_receive(struct scsi_task *t, scsi_list_fn then)
{
	t->list = then;
	if (scsi_task_buffer(t, (size_t)t->pub.length))
		scsi_task_move(t, NULL, (size_t)t->pub.length, list_moved);
}

/* ---- I/O -------------------------------------------------------------- */

static void io_done(struct mpr_blk_req *req, int result)
{
	struct scsi_task *t = from_req(req);

	if (t->state == SCSI_TASK_CANCELLING) {
		end_cancelled(t);
		return;
	}
	t->state = SCSI_TASK_RUNNING;
	if (result < 0)
		scsi_task_check(t, scsi_sense_of_io(req->op, result));
	else
		t->io_done(t);
}

void scsi_task_io(struct scsi_task *t, struct mpr_blk *blk, scsi_io_fn then)
{
	t->io_done = then;
	t->blk = blk;
	t->req.done = io_done;
	t->state = SCSI_TASK_WAIT_IO;
	mpr_blk_submit(blk, &t->req);
}

void scsi_task_flush(struct scsi_task *t, struct mpr_blk *blk, scsi_io_fn then)
{
	t->req.op = MPR_BLK_FLUSH;
	t->req.fua = false;
	t->req.offset = 0;
	t->req.iov = NULL;
	t->req.niov = 0;
	scsi_task_io(t, blk, then);
}

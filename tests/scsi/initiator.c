/* SPDX-License-Identifier: MIT */
#include "tests/scsi/initiator.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"

static void on_data(void *hba, struct mpr_scsi_task *task)
{
	struct cmd *c = task->hba_data;

	(void)hba;
	assert_false(c->data);
	assert_int_equal(c->completed + c->cancelled, 0);
	assert_true(task->chunk > 0);
	assert_true(c->at + task->chunk <= task->length);
	c->data = true;
	c->chunks++;
}

static void on_complete(void *hba, struct mpr_scsi_task *task)
{
	struct initiator *in = hba;
	struct cmd *c = task->hba_data;

	assert_int_equal(c->completed + c->cancelled, 0);
	assert_false(c->data);
	c->completed++;
	in->order[in->ended++ % 256] = c;
}

static void on_cancelled(void *hba, struct mpr_scsi_task *task)
{
	struct cmd *c = task->hba_data;

	(void)hba;
	assert_int_equal(c->completed + c->cancelled, 0);
	c->cancelled++;
}

static const struct mpr_scsi_hba_ops ops = {on_data, on_complete, on_cancelled};

struct initiator *initiator_with(struct mpr_blk *blk, const struct mpr_scsi_disk_options *options)
{
	struct initiator *in = calloc(1, sizeof(*in));
	char *error = NULL;

	in->blk = blk;
	assert_int_equal(mpr_scsi_bus_create(&ops, in, &in->bus), 0);
	assert_int_equal(mpr_scsi_disk_create(in->bus, blk, options, &error), 0);
	return in;
}

struct initiator *initiator_new(uint64_t disk_bytes)
{
	struct mpr_scsi_disk_options options = {0};
	struct initiator *in = initiator_with(fake_blk_new(disk_bytes), &options);

	initiator_clear_ua(in);
	return in;
}

void initiator_free(struct initiator *in)
{
	mpr_scsi_bus_destroy(in->bus);
	fake_blk_free(in->blk);
	free(in);
}

int initiator_setup(void **state)
{
	*state = initiator_new(8 * MIB);
	return 0;
}

int initiator_teardown(void **state)
{
	initiator_free(*state);
	return 0;
}

void initiator_clear_ua(struct initiator *in)
{
	fetch_sense(in);
}

void cmd_start(struct initiator *in, struct cmd *c, unsigned lun, unsigned tag,
	       enum mpr_scsi_attr attr, const void *cdb, size_t cdb_len, void *buffer, size_t size,
	       bool offer)
{
	memset(c, 0, sizeof(*c));
	c->buffer = buffer;
	c->size = size;
	c->sg = (struct iovec){buffer, size};
	c->task = mpr_scsi_task_new(in->bus, 0, lun, tag, attr, cdb, cdb_len, c);
	assert_non_null(c->task);
	offer = offer && c->task->dir == MPR_SCSI_DATA_IN && size >= c->task->length;
	mpr_scsi_task_start(c->task, offer ? &c->sg : NULL, offer ? 1 : 0);
}

static void move_in(struct cmd *c)
{
	size_t room = c->at < c->size ? c->size - (size_t)c->at : 0;
	size_t n = c->task->chunk < room ? c->task->chunk : room;

	c->in_place = !c->task->buf;
	if (c->task->buf && n)
		memcpy((uint8_t *)c->buffer + c->at, c->task->buf, n);
	c->at += c->task->chunk;
	mpr_scsi_task_data_done(c->task, NULL, 0);
}

static void move_out(struct cmd *c)
{
	assert_true(c->at + c->task->chunk <= c->size);
	c->sg = (struct iovec){(uint8_t *)c->buffer + c->at, c->task->chunk};
	c->at += c->task->chunk;
	mpr_scsi_task_data_done(c->task, &c->sg, 1);
}

void cmd_move(struct cmd *c)
{
	assert_true(c->data);
	c->data = false;
	if (c->task->dir == MPR_SCSI_DATA_IN)
		move_in(c);
	else
		move_out(c);
}

void cmd_finish(struct cmd *c)
{
	mpr_scsi_task_free(c->task);
	c->task = NULL;
}

uint8_t run_lun(struct initiator *in, unsigned lun, const void *cdb, size_t cdb_len, void *buffer,
		size_t size, uint64_t *moved)
{
	struct cmd c;

	cmd_start(in, &c, lun, MPR_SCSI_UNTAGGED, MPR_SCSI_SIMPLE, cdb, cdb_len, buffer, size,
		  true);
	while (!c.completed) {
		if (c.data)
			cmd_move(&c);
		else if (in->blk->in_flight)
			fake_blk_end(in->blk, 0);
		else
			fail_msg("the command makes no progress");
	}
	assert_int_equal(c.task->transferred, c.at);
	if (moved)
		*moved = c.task->transferred;

	uint8_t status = c.task->status;

	cmd_finish(&c);
	return status;
}

uint32_t fetch_sense_lun(struct initiator *in, unsigned lun)
{
	static const uint8_t request_sense[] = {0x03, 0, 0, 0, 18, 0};
	uint8_t sense[18] = {0};
	uint64_t moved;

	assert_int_equal(run_lun(in, lun, request_sense, sizeof(request_sense), sense,
				 sizeof(sense), &moved),
			 MPR_SCSI_GOOD);
	assert_int_equal(moved, 18);
	assert_int_equal(sense[0] & 0x7F, 0x70);
	assert_int_equal(sense[7], 10);
	return (uint32_t)(sense[2] & 0x0F) << 16 | (uint32_t)sense[12] << 8 | sense[13];
}

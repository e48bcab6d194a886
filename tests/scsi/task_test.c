/* SPDX-License-Identifier: MIT */
/* Tasks run in the order that their attributes ask for, within the set's limit, and cancel cleanly.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

static const uint8_t read_1[] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
static const uint8_t write_1[] = {0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};
static const uint8_t tur[] = {0, 0, 0, 0, 0, 0};
static uint8_t memory[80][512];

static void start_read(struct initiator *in, struct cmd *c, unsigned tag, enum mpr_scsi_attr attr)
{
	cmd_start(in, c, 0, tag, attr, read_1, sizeof(read_1), memory[tag % 80], 512, true);
}

static void start_write(struct initiator *in, struct cmd *c, unsigned tag, enum mpr_scsi_attr attr)
{
	cmd_start(in, c, 0, tag, attr, write_1, sizeof(write_1), memory[tag % 80], 512, false);
}

static void start_tur(struct initiator *in, struct cmd *c, unsigned tag, enum mpr_scsi_attr attr)
{
	cmd_start(in, c, 0, tag, attr, tur, sizeof(tur), NULL, 0, false);
}

/* Ends the image's requests and moves data until the command is complete. */
static void drive(struct initiator *in, struct cmd *c)
{
	while (!c->completed) {
		if (c->data)
			cmd_move(c);
		else
			fake_blk_end_all(in->blk);
	}
}

/* ---- Order ------------------------------------------------------------ */

TEST(simple_tasks_run_together)
{
	struct initiator *in = *state;
	struct cmd c[4];

	for (unsigned i = 0; i < 4; i++)
		start_read(in, &c[i], i, MPR_SCSI_SIMPLE);
	assert_int_equal(in->blk->in_flight, 4);
	fake_blk_end(in->blk, 2);
	assert_true(c[2].data);
	assert_false(c[0].data);
	for (unsigned i = 0; i < 4; i++) {
		drive(in, &c[i]);
		cmd_finish(&c[i]);
	}
}

TEST(ordered_task_waits_for_older_ones)
{
	struct initiator *in = *state;
	struct cmd a, b, ordered;

	start_read(in, &a, 1, MPR_SCSI_SIMPLE);
	start_read(in, &b, 2, MPR_SCSI_SIMPLE);
	start_tur(in, &ordered, 3, MPR_SCSI_ORDERED);
	drive(in, &b);
	assert_int_equal(ordered.completed, 0);
	drive(in, &a);
	assert_int_equal(ordered.completed, 1);
	cmd_finish(&a);
	cmd_finish(&b);
	cmd_finish(&ordered);
}

TEST(newer_tasks_wait_for_an_ordered_one)
{
	struct initiator *in = *state;
	struct cmd ordered, simple, second;

	start_read(in, &ordered, 1, MPR_SCSI_ORDERED);
	start_tur(in, &simple, 2, MPR_SCSI_SIMPLE);
	start_tur(in, &second, 3, MPR_SCSI_ORDERED);
	assert_int_equal(simple.completed + second.completed, 0);
	drive(in, &ordered);
	assert_int_equal(simple.completed, 1);
	assert_int_equal(second.completed, 1);
	assert_ptr_equal(in->order[in->ended - 3], &ordered);
	assert_ptr_equal(in->order[in->ended - 2], &simple);
	assert_ptr_equal(in->order[in->ended - 1], &second);
	cmd_finish(&ordered);
	cmd_finish(&simple);
	cmd_finish(&second);
}

TEST(head_of_queue_runs_at_once)
{
	struct initiator *in = *state;
	struct cmd a, ordered, head;

	start_read(in, &a, 1, MPR_SCSI_SIMPLE);
	start_tur(in, &ordered, 2, MPR_SCSI_ORDERED);
	start_tur(in, &head, 3, MPR_SCSI_HEAD_OF_QUEUE);
	assert_int_equal(head.completed, 1);
	assert_int_equal(ordered.completed, 0);
	drive(in, &a);
	assert_int_equal(ordered.completed, 1);
	cmd_finish(&a);
	cmd_finish(&ordered);
	cmd_finish(&head);
}

TEST(simple_task_waits_for_an_older_head_of_queue)
{
	struct initiator *in = *state;
	struct cmd head, simple;

	start_read(in, &head, 1, MPR_SCSI_HEAD_OF_QUEUE);
	start_tur(in, &simple, 2, MPR_SCSI_SIMPLE);
	assert_int_equal(simple.completed, 0);
	drive(in, &head);
	assert_int_equal(simple.completed, 1);
	cmd_finish(&head);
	cmd_finish(&simple);
}

TEST(inquiry_and_request_sense_do_not_wait)
{
	struct initiator *in = *state;
	struct cmd a, ordered;
	uint8_t d[36];

	start_read(in, &a, 1, MPR_SCSI_SIMPLE);
	start_tur(in, &ordered, 2, MPR_SCSI_ORDERED);
	assert_int_equal(ordered.completed, 0);

	struct cmd inquiry;
	static const uint8_t cdb[] = {0x12, 0, 0, 0, 36, 0};

	cmd_start(in, &inquiry, 0, MPR_SCSI_UNTAGGED, MPR_SCSI_SIMPLE, cdb, 6, d, 36, false);
	assert_true(inquiry.data);
	cmd_move(&inquiry);
	assert_int_equal(inquiry.completed, 1);
	cmd_finish(&inquiry);
	drive(in, &a);
	cmd_finish(&a);
	cmd_finish(&ordered);
}

/* COMPARE AND WRITE reads and writes as one step for all other tasks. */
TEST(exclusive_task_runs_alone)
{
	struct initiator *in = *state;
	struct cmd a, caw, b;
	static const uint8_t cdb[16] = {0x89, [13] = 1};
	static uint8_t pair[1024];

	start_write(in, &a, 1, MPR_SCSI_SIMPLE);
	cmd_start(in, &caw, 0, 2, MPR_SCSI_SIMPLE, cdb, 16, pair, 1024, false);
	start_write(in, &b, 3, MPR_SCSI_SIMPLE);
	assert_true(a.data);
	assert_false(caw.data);
	assert_false(b.data);
	drive(in, &a);
	assert_true(caw.data);
	assert_false(b.data);

	struct cmd head;

	start_tur(in, &head, 4, MPR_SCSI_HEAD_OF_QUEUE);
	assert_int_equal(head.completed, 0);
	drive(in, &caw);
	assert_int_equal(head.completed, 1);
	assert_true(b.data);
	drive(in, &b);
	cmd_finish(&a);
	cmd_finish(&b);
	cmd_finish(&caw);
	cmd_finish(&head);
}

/* ---- Limits ----------------------------------------------------------- */

TEST(sixty_fifth_task_finds_the_set_full)
{
	struct initiator *in = *state;
	struct cmd c[64], extra;

	for (unsigned i = 0; i < 64; i++)
		start_read(in, &c[i], i, MPR_SCSI_SIMPLE);
	start_read(in, &extra, 64, MPR_SCSI_SIMPLE);
	assert_int_equal(extra.completed, 1);
	assert_int_equal(extra.task->status, MPR_SCSI_TASK_SET_FULL);
	assert_int_equal(extra.chunks, 0);
	cmd_finish(&extra);
	assert_int_equal(fetch_sense(in), 0);
	for (unsigned i = 0; i < 64; i++) {
		drive(in, &c[i]);
		assert_int_equal(c[i].task->status, MPR_SCSI_GOOD);
		cmd_finish(&c[i]);
	}
}

TEST(tag_in_use_is_an_overlapped_command)
{
	struct initiator *in = *state;
	struct cmd a, b;

	start_read(in, &a, 7, MPR_SCSI_SIMPLE);
	start_read(in, &b, 7, MPR_SCSI_SIMPLE);
	assert_int_equal(b.completed, 1);
	assert_int_equal(b.task->status, MPR_SCSI_CHECK_CONDITION);
	cmd_finish(&b);
	assert_int_equal(fetch_sense(in), 0x0B4E00);
	drive(in, &a);
	cmd_finish(&a);
	start_read(in, &b, 7, MPR_SCSI_SIMPLE);
	drive(in, &b);
	assert_int_equal(b.task->status, MPR_SCSI_GOOD);
	cmd_finish(&b);
}

/* ---- Cancelling ------------------------------------------------------- */

TEST(queued_task_is_cancelled_at_once)
{
	struct initiator *in = *state;
	struct cmd a, ordered;

	start_read(in, &a, 1, MPR_SCSI_SIMPLE);
	start_write(in, &ordered, 2, MPR_SCSI_ORDERED);
	mpr_scsi_task_cancel(ordered.task);
	assert_int_equal(ordered.cancelled, 1);
	cmd_finish(&ordered);
	drive(in, &a);
	cmd_finish(&a);
	assert_int_equal(in->blk->writes, 0);
}

TEST(cancelling_a_queued_task_frees_those_behind_it)
{
	struct initiator *in = *state;
	struct cmd a, ordered, behind;

	start_read(in, &a, 1, MPR_SCSI_SIMPLE);
	start_tur(in, &ordered, 2, MPR_SCSI_ORDERED);
	start_tur(in, &behind, 3, MPR_SCSI_SIMPLE);
	assert_int_equal(behind.completed, 0);
	mpr_scsi_task_cancel(ordered.task);
	assert_int_equal(behind.completed, 1);
	drive(in, &a);
	cmd_finish(&a);
	cmd_finish(&ordered);
	cmd_finish(&behind);
}

TEST(task_that_waits_for_data_is_cancelled_at_once)
{
	struct initiator *in = *state;
	struct cmd c;

	start_write(in, &c, 1, MPR_SCSI_SIMPLE);
	assert_true(c.data);
	mpr_scsi_task_cancel(c.task);
	assert_int_equal(c.cancelled, 1);
	mpr_scsi_task_data_done(c.task, &c.sg, 1);
	assert_int_equal(in->blk->writes, 0);
	cmd_finish(&c);
}

TEST(task_with_io_is_cancelled_when_the_io_has_ended)
{
	struct initiator *in = *state;
	struct cmd c;

	start_read(in, &c, 1, MPR_SCSI_SIMPLE);
	mpr_scsi_task_cancel(c.task);
	mpr_scsi_task_cancel(c.task);
	assert_int_equal(c.cancelled, 0);
	fake_blk_end_all(in->blk);
	assert_int_equal(c.cancelled, 1);
	assert_false(c.data);
	cmd_finish(&c);
}

TEST(cancelled_write_with_an_error_leaves_no_sense)
{
	struct initiator *in = *state;
	struct cmd c;

	start_write(in, &c, 1, MPR_SCSI_SIMPLE);
	cmd_move(&c);
	mpr_scsi_task_cancel(c.task);
	in->blk->error = -EIO;
	fake_blk_end_all(in->blk);
	in->blk->error = 0;
	assert_int_equal(c.cancelled, 1);
	cmd_finish(&c);
	assert_int_equal(fetch_sense(in), 0);
}

/* To the initiator an abort is done, while the host's write is still in flight. */
TEST(new_tasks_wait_for_a_cancelled_ones_io)
{
	struct initiator *in = *state;
	struct cmd old, new;

	start_write(in, &old, 1, MPR_SCSI_SIMPLE);
	cmd_move(&old);
	mpr_scsi_task_cancel(old.task);
	start_write(in, &new, 1, MPR_SCSI_HEAD_OF_QUEUE);
	assert_int_equal(new.completed, 0);
	assert_false(new.data);
	fake_blk_end_all(in->blk);
	assert_true(new.data);
	drive(in, &new);
	assert_int_equal(new.task->status, MPR_SCSI_GOOD);
	cmd_finish(&old);
	cmd_finish(&new);
}

TEST(completed_task_is_not_cancelled)
{
	struct initiator *in = *state;
	struct cmd c;

	start_tur(in, &c, 1, MPR_SCSI_SIMPLE);
	assert_int_equal(c.completed, 1);
	mpr_scsi_task_cancel(c.task);
	assert_int_equal(c.cancelled, 0);
	cmd_finish(&c);
}

TEST(task_that_never_started_is_freed)
{
	struct initiator *in = *state;
	struct cmd c = {0};

	c.task = mpr_scsi_task_new(in->bus, 0, 0, 1, MPR_SCSI_SIMPLE, read_1, sizeof(read_1), &c);
	assert_int_equal(c.task->dir, MPR_SCSI_DATA_IN);
	assert_int_equal(c.task->length, 512);
	cmd_finish(&c);
}

TEST(reset_between_chunks_ends_a_long_write)
{
	struct initiator *in = *state;
	struct cmd c;
	static const uint8_t cdb[] = {0x2A, 0, 0, 0, 0, 0, 0, 0x40, 0, 0};
	uint8_t *buf = calloc(8, MIB);

	cmd_start(in, &c, 0, 1, MPR_SCSI_SIMPLE, cdb, 10, buf, 8 * MIB, false);
	cmd_move(&c);
	fake_blk_end_all(in->blk);
	assert_true(c.data);
	mpr_scsi_task_cancel(c.task);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(c.cancelled, 1);
	assert_int_equal(in->blk->writes, 1);
	cmd_finish(&c);
	free(buf);
}

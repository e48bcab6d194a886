/* SPDX-License-Identifier: MIT */
/* A disk that is added, removed or resized while commands are in flight: each of them ends
 * once, nothing uses the image after removed() was called, and the target's other logical
 * units report the change. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

#define LUN_NOT_SUPPORTED 0x052500
#define LUNS_CHANGED 0x063F0E
#define CAPACITY_CHANGED 0x062A09
#define POWER_ON 0x062901

static const uint8_t read_1[] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
static const uint8_t write_1[] = {0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};
static const uint8_t tur[] = {0, 0, 0, 0, 0, 0};
static uint8_t memory[4][512];
static unsigned removals;

static void removed(void *opaque)
{
	const struct initiator *in = opaque;

	assert_int_equal(in->blk->in_flight, 0);
	removals++;
}

static void remove_disk(struct initiator *in)
{
	removals = 0;
	assert_int_equal(mpr_scsi_lu_remove(in->bus, 0, 0, removed, in), 0);
	assert_false(mpr_scsi_target_present(in->bus, 0));
}

static void start_read(struct initiator *in, struct cmd *c, unsigned tag)
{
	cmd_start(in, c, 0, tag, MPR_SCSI_SIMPLE, read_1, sizeof(read_1), memory[tag], 512, true);
}

static void assert_failed(struct cmd *c)
{
	assert_int_equal(c->completed, 1);
	assert_int_equal(c->task->status, MPR_SCSI_CHECK_CONDITION);
	cmd_finish(c);
}

TEST(idle_disk_is_gone_at_once)
{
	remove_disk(*state);
	assert_int_equal(removals, 1);
	assert_int_equal(mpr_scsi_lu_remove(((struct initiator *)*state)->bus, 0, 0, removed, NULL),
			 -ENOENT);
	assert_int_equal(failure((struct initiator *)*state, 0, 0, 0, 0, 0, 0), LUN_NOT_SUPPORTED);
}

TEST(request_in_flight_ends_first_with_its_result)
{
	struct initiator *in = *state;
	struct cmd c;

	cmd_start(in, &c, 0, 1, MPR_SCSI_SIMPLE, write_1, sizeof(write_1), memory[1], 512, false);
	cmd_move(&c);
	assert_int_equal(in->blk->in_flight, 1);
	remove_disk(in);
	assert_int_equal(removals, 0);
	assert_int_equal(c.completed, 0);
	fake_blk_end_all(in->blk);
	assert_int_equal(removals, 1);
	assert_int_equal(c.completed, 1);
	assert_int_equal(c.task->status, MPR_SCSI_GOOD);
	cmd_finish(&c);
}

TEST(data_that_is_not_moved_yet_fails)
{
	struct initiator *in = *state;
	struct cmd c[2];

	start_read(in, &c[0], 0);
	start_read(in, &c[1], 1);
	fake_blk_end(in->blk, 0);
	assert_true(c[0].data);
	c[0].data = false; /* it is withdrawn */
	remove_disk(in);
	assert_int_equal(removals, 0);
	/* This one's I/O ends, but data() is not called any more. */
	fake_blk_end_all(in->blk);
	assert_false(c[1].data);
	assert_int_equal(removals, 1);
	assert_failed(&c[0]);
	assert_failed(&c[1]);
}

TEST(commands_that_wait_fail_at_once)
{
	struct initiator *in = *state;
	struct cmd running, waiting;

	start_read(in, &running, 0);
	cmd_start(in, &waiting, 0, 1, MPR_SCSI_ORDERED, tur, sizeof(tur), NULL, 0, false);
	assert_int_equal(waiting.completed, 0);
	remove_disk(in);
	assert_failed(&waiting);
	assert_int_equal(removals, 0);
	fake_blk_end_all(in->blk);
	assert_failed(&running);
	assert_int_equal(removals, 1);
}

TEST(held_failures_are_let_go)
{
	struct initiator *in = *state;
	struct cmd c[3];

	in->blk->error = -EIO;
	for (unsigned i = 0; i < 3; i++)
		start_read(in, &c[i], i);
	fake_blk_end_all(in->blk);
	assert_int_equal(c[0].completed + c[1].completed + c[2].completed, 1);
	remove_disk(in);
	assert_int_equal(removals, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_failed(&c[i]);
}

TEST(cancelled_command_is_waited_for)
{
	struct initiator *in = *state;
	struct cmd c;

	start_read(in, &c, 0);
	mpr_scsi_task_cancel(c.task);
	remove_disk(in);
	assert_int_equal(removals, 0);
	fake_blk_end_all(in->blk);
	assert_int_equal(c.cancelled, 1);
	assert_int_equal(removals, 1);
	mpr_scsi_task_free(c.task);
}

TEST(task_that_starts_after_removal_fails)
{
	struct initiator *in = *state;
	struct cmd c = {0};

	c.task = mpr_scsi_task_new(in->bus, 0, 0, 1, MPR_SCSI_SIMPLE, tur, sizeof(tur), &c);
	assert_non_null(c.task);
	remove_disk(in);
	assert_int_equal(removals, 1);
	mpr_scsi_task_start(c.task, NULL, 0);
	assert_failed(&c);
}

TEST(address_can_be_used_again)
{
	struct mpr_scsi_disk_options options = {0};
	struct initiator *in = *state;
	struct cmd c;
	char *error;

	start_read(in, &c, 0);
	remove_disk(in);
	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, &options, &error), 0);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), POWER_ON);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), MPR_SCSI_GOOD);
	fake_blk_end_all(in->blk);
	assert_failed(&c);
}

TEST(others_of_the_target_report_the_change)
{
	struct mpr_scsi_disk_options options = {.lun = 3};
	struct initiator *in = *state;
	char *error;

	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, &options, &error), 0);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), LUNS_CHANGED);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), MPR_SCSI_GOOD);
	assert_int_equal(mpr_scsi_lu_remove(in->bus, 0, 3, removed, in), 0);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), LUNS_CHANGED);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), MPR_SCSI_GOOD);
}

TEST(new_size_is_reported)
{
	struct initiator *in = *state;
	uint8_t capacity[8];

	in->blk->size = 16 * MIB;
	mpr_scsi_disk_resized(in->bus, 0, 0);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), CAPACITY_CHANGED);
	assert_int_equal(run(in, capacity, 8, NULL, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			 MPR_SCSI_GOOD);
	assert_int_equal(capacity[2] << 8 | capacity[3], 16 * MIB / 512 - 1);
}

TEST(attentions_wait_for_each_other_and_a_reset_includes_them)
{
	struct mpr_scsi_disk_options options = {.lun = 1};
	struct initiator *in = *state;
	char *error;

	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, &options, &error), 0);
	mpr_scsi_disk_resized(in->bus, 0, 0);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), CAPACITY_CHANGED);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), LUNS_CHANGED);
	mpr_scsi_disk_resized(in->bus, 0, 0);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	mpr_scsi_disk_resized(in->bus, 0, 0);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), 0x062902);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), MPR_SCSI_GOOD);
}

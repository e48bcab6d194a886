/* SPDX-License-Identifier: MIT */
/* Sense data waits at its nexus for REQUEST SENSE, and a reset is reported once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

#define TUR 0x00, 0, 0, 0, 0, 0
#define BAD_FIELD 0x12, 0, 0x83, 0, 36, 0 /* 05/24/00 */
#define BAD_OPCODE 0x04, 0, 0, 0, 0, 0	  /* 05/20/00 */

/* ---- Sense data ------------------------------------------------------- */

TEST(nothing_wrong_is_no_sense)
{
	assert_int_equal(fetch_sense(*state), 0);
}

TEST(sense_is_fetched_once)
{
	assert_int_equal(failure(*state, BAD_FIELD), 0x052400);
	assert_int_equal(fetch_sense(*state), 0);
}

TEST(next_command_clears_sense)
{
	assert_int_equal(run(*state, NULL, 0, NULL, BAD_FIELD), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(run(*state, NULL, 0, NULL, TUR), MPR_SCSI_GOOD);
	assert_int_equal(fetch_sense(*state), 0);
}

TEST(next_failure_replaces_sense)
{
	assert_int_equal(run(*state, NULL, 0, NULL, BAD_FIELD), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(failure(*state, BAD_OPCODE), 0x052000);
}

TEST(inquiry_and_report_luns_keep_sense)
{
	uint8_t d[96];

	assert_int_equal(run(*state, NULL, 0, NULL, BAD_FIELD), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(run(*state, d, 36, NULL, 0x12, 0, 0, 0, 36, 0), MPR_SCSI_GOOD);
	assert_int_equal(run(*state, d, 16, NULL, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0),
			 MPR_SCSI_GOOD);
	assert_int_equal(fetch_sense(*state), 0x052400);
}

TEST(sense_is_kept_for_each_unit)
{
	struct initiator *in = *state;
	struct mpr_scsi_disk_options o = {.lun = 3};
	char *error = NULL;

	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, &o, &error), 0);
	fetch_sense_lun(in, 3);
	assert_int_equal(run_lun(in, 0, CDB(BAD_FIELD), 6, NULL, 0, NULL), 2);
	assert_int_equal(run_lun(in, 3, CDB(BAD_OPCODE), 6, NULL, 0, NULL), 2);
	assert_int_equal(fetch_sense_lun(in, 0), 0x052400);
	assert_int_equal(fetch_sense_lun(in, 3), 0x052000);
}

TEST(allocation_length_cuts_sense)
{
	uint8_t d[252];
	uint64_t moved;

	assert_int_equal(run(*state, NULL, 0, NULL, BAD_FIELD), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(run(*state, d, 4, &moved, 0x03, 0, 0, 0, 4, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 4);
	assert_int_equal(d[2], 5);
	assert_int_equal(run(*state, d, 252, &moved, 0x03, 0, 0, 0, 252, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 18);
	assert_int_equal(run(*state, d, 252, &moved, 0x03, 0, 0, 0, 0, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 0);
}

TEST(desc_bit_selects_descriptor_format)
{
	uint8_t d[252];
	uint64_t moved;

	assert_int_equal(run(*state, NULL, 0, NULL, BAD_FIELD), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(run(*state, d, 252, &moved, 0x03, 1, 0, 0, 252, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 8);
	assert_memory_equal(d, "\x72\x05\x24\x00\x00\x00\x00\x00", 8);
}

TEST(information_is_in_both_formats)
{
	uint8_t d[20], block[512] = {[100] = 1};
	uint64_t moved;

	for (int descriptor = 0; descriptor < 2; descriptor++) {
		assert_int_equal(run(*state, block, 512, NULL, 0x2F, 2, 0, 0, 0, 0, 0, 0, 1, 0),
				 MPR_SCSI_CHECK_CONDITION);
		assert_int_equal(run(*state, d, 20, &moved, 0x03, descriptor, 0, 0, 20, 0), 0);
		assert_int_equal(moved, descriptor ? 20 : 18);
		if (descriptor)
			assert_memory_equal(d + 8, "\x00\x0A\x80\x00\0\0\0\0\0\0\0\x64", 12);
		else
			assert_memory_equal(d, "\xF0\x00\x0E\x00\x00\x00\x64\x0A", 8);
	}
}

/* Two commands fail before the initiator has fetched the first one's sense. */
TEST(second_failure_waits_for_the_first_ones_sense)
{
	struct initiator *in = *state;
	struct cmd a, b;
	uint8_t read[] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, buf[1024];

	cmd_start(in, &a, 0, 1, MPR_SCSI_SIMPLE, read, 10, buf, 512, true);
	cmd_start(in, &b, 0, 2, MPR_SCSI_SIMPLE, read, 10, buf + 512, 512, true);
	in->blk->error = -EIO;
	fake_blk_end(in->blk, 0);
	in->blk->error = -ENOMEM;
	fake_blk_end(in->blk, 0);
	assert_int_equal(a.completed, 1);
	assert_int_equal(b.completed, 0);
	cmd_finish(&a);
	assert_int_equal(fetch_sense(in), 0x031100);
	assert_int_equal(b.completed, 1);
	assert_int_equal(b.task->status, MPR_SCSI_CHECK_CONDITION);
	cmd_finish(&b);
	assert_int_equal(fetch_sense(in), 0x044400);
	in->blk->error = 0;
}

/* A command that was under way when another failed does not lose the sense. */
TEST(command_before_the_status_was_taken_keeps_sense)
{
	struct initiator *in = *state;
	struct cmd a, b;
	uint8_t bad[] = {BAD_OPCODE}, tur[] = {TUR};

	cmd_start(in, &a, 0, 1, MPR_SCSI_SIMPLE, bad, 6, NULL, 0, false);
	assert_int_equal(a.completed, 1);
	cmd_start(in, &b, 0, 2, MPR_SCSI_SIMPLE, tur, 6, NULL, 0, false);
	assert_int_equal(b.task->status, MPR_SCSI_GOOD);
	cmd_finish(&a);
	cmd_finish(&b);
	assert_int_equal(fetch_sense(in), 0x052000);
}

TEST(cancelled_held_failure_is_forgotten)
{
	struct initiator *in = *state;
	struct cmd a, b;
	uint8_t bad[] = {BAD_OPCODE};

	cmd_start(in, &a, 0, 1, MPR_SCSI_SIMPLE, bad, 6, NULL, 0, false);
	cmd_start(in, &b, 0, 2, MPR_SCSI_SIMPLE, bad, 6, NULL, 0, false);
	assert_int_equal(b.completed, 0);
	mpr_scsi_task_cancel(b.task);
	assert_int_equal(b.cancelled, 1);
	cmd_finish(&a);
	cmd_finish(&b);
	assert_int_equal(fetch_sense(in), 0x052000);
	assert_int_equal(fetch_sense(in), 0);
}

/* ---- Unit attention --------------------------------------------------- */

TEST(power_on_is_reported_once)
{
	struct mpr_scsi_disk_options o = {0};
	struct initiator *in = initiator_with(fake_blk_new(MIB), &o);

	assert_int_equal(failure(in, TUR), 0x062901);
	assert_int_equal(run(in, NULL, 0, NULL, TUR), MPR_SCSI_GOOD);
	initiator_free(in);
}

TEST(request_sense_alone_takes_unit_attention)
{
	struct initiator *in = *state;

	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(fetch_sense(in), 0x062902);
	assert_int_equal(run(in, NULL, 0, NULL, TUR), MPR_SCSI_GOOD);
}

TEST(each_reset_has_its_code)
{
	struct initiator *in = *state;

	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_POWER_ON);
	assert_int_equal(fetch_sense(in), 0x062901);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(fetch_sense(in), 0x062902);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_DEVICE);
	assert_int_equal(fetch_sense(in), 0x062903);
	mpr_scsi_target_was_reset(in->bus, 0);
	assert_int_equal(fetch_sense(in), 0x062903);
}

TEST(most_important_reset_is_reported)
{
	struct initiator *in = *state;

	mpr_scsi_target_was_reset(in->bus, 0);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	mpr_scsi_target_was_reset(in->bus, 0);
	assert_int_equal(failure(in, TUR), 0x062902);
	assert_int_equal(run(in, NULL, 0, NULL, TUR), MPR_SCSI_GOOD);
}

TEST(other_targets_reset_is_not_reported)
{
	struct initiator *in = *state;

	mpr_scsi_target_was_reset(in->bus, 5);
	assert_int_equal(run(in, NULL, 0, NULL, TUR), MPR_SCSI_GOOD);
}

TEST(inquiry_and_report_luns_leave_unit_attention)
{
	struct initiator *in = *state;
	uint8_t d[96];

	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(run(in, d, 36, NULL, 0x12, 0, 0, 0, 36, 0), MPR_SCSI_GOOD);
	assert_int_equal(run(in, d, 16, NULL, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0),
			 MPR_SCSI_GOOD);
	assert_int_equal(failure(in, TUR), 0x062902);
}

TEST(unit_attention_comes_before_a_bad_command)
{
	struct initiator *in = *state;

	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(failure(in, BAD_OPCODE), 0x062902);
	assert_int_equal(failure(in, BAD_OPCODE), 0x052000);
}

TEST(unit_attention_stops_a_write)
{
	struct initiator *in = *state;
	uint8_t block[512] = {1};

	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(failure_of(in, block, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x062902);
	assert_int_equal(in->blk->writes, 0);
}

TEST(reset_discards_sense)
{
	struct initiator *in = *state;

	assert_int_equal(run(in, NULL, 0, NULL, BAD_FIELD), MPR_SCSI_CHECK_CONDITION);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	assert_int_equal(fetch_sense(in), 0x062902);
	assert_int_equal(fetch_sense(in), 0);
}

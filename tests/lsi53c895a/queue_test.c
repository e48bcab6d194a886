/* SPDX-License-Identifier: MIT */
/* Many tagged commands are in flight through disconnection and reselection, and
 * each gets its own data, status and residue. */
#include <string.h>

#include "tests/lsi53c895a/driver.h"
#include "tests/lsi53c895a/targets.h"

enum { JOBS_AT_ONCE = 48 };

static const uint8_t *medium(struct machine *m, uint32_t lba)
{
	return targets_of(m->dev->bus)->medium + lba * BLOCK;
}

static uint32_t buffer_of(unsigned i)
{
	return DATA + i * 0x4000;
}

static void expect_read(struct machine *m, unsigned tag, uint32_t lba, uint32_t blocks,
			uint32_t buffer)
{
	assert_true(job_done(m, tag));
	assert_int_equal(job_status(m, tag), MPR_SCSI_GOOD);
	assert_memory_equal(at(m, buffer), medium(m, lba), blocks * BLOCK);
}

CHIP_TEST(ready_data_need_no_disconnection)
{
	struct machine *m = *state;

	driver_start(m);
	driver_rw(m, false, 0, 1, 10, 4, DATA);
	expect_read(m, 1, 10, 4, DATA);
	assert_int_equal(m->chip->stats.reselections, 0);
	assert_true(m->irq);
	/* SCRIPTS took SIGP; the host sees and clears INTF. */
	assert_int_equal(rd8(m, LSI_ISTAT0), 0x04);
	wr8(m, LSI_ISTAT0, 0x04);
	assert_false(m->irq);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0x00);
}

CHIP_TEST(slow_read_disconnects)
{
	struct machine *m = *state;

	targets_of(m->dev->bus)->later = true;
	driver_start(m);
	driver_rw(m, false, 1, 3, 20, 2, DATA);
	assert_int_equal(rd8(m, LSI_ISTAT0) & LSI_ISTAT0_CON, 0);
	expect_blocked(m);
	targets_finish(m);
	expect_read(m, 3, 20, 2, DATA);
	assert_int_equal(rd8(m, LSI_SSID), 0x81);
	assert_true(m->chip->stats.reselections >= 1);
}

CHIP_TEST(writes_overlap)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = true;
	driver_start(m);
	for (i = 0; i < JOBS_AT_ONCE; i++) {
		memset(at(m, buffer_of(i)), 0x80 | i, 3 * BLOCK);
		driver_rw(m, true, i % 3, i, 100 + 3 * i, 3, buffer_of(i));
	}
	assert_int_equal(t->live, JOBS_AT_ONCE);
	targets_finish(m);
	for (i = 0; i < JOBS_AT_ONCE; i++) {
		assert_true(job_done(m, i));
		assert_memory_equal(at(m, buffer_of(i)), medium(m, 100 + 3 * i), 3 * BLOCK);
	}
	assert_int_equal(m->chip->stats.bounced_bytes, 0);
	assert_int_equal(m->mapped, 0);
	assert_int_equal(t->live, 0);
}

CHIP_TEST(reads_complete_in_any_order)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = t->newest_first = true;
	driver_start(m);
	for (i = 0; i < JOBS_AT_ONCE; i++)
		driver_rw(m, false, i % 3, 255 - i, 7 * i, 8, buffer_of(i));
	targets_finish(m);
	for (i = 0; i < JOBS_AT_ONCE; i++)
		expect_read(m, 255 - i, 7 * i, 8, buffer_of(i));
}

/* New jobs come while older ones reselect: SELECT loses the arbitration. */
CHIP_TEST(selection_loses_to_reselection)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = true;
	driver_start(m);
	for (i = 0; i < JOBS_AT_ONCE; i++) {
		driver_rw(m, i & 1, i % 3, i, 50 * i, 2, buffer_of(i));
		targets_poll(m->dev->bus);
	}
	targets_finish(m);
	for (i = 0; i < JOBS_AT_ONCE; i++) {
		assert_true(job_done(m, i));
		assert_memory_equal(at(m, buffer_of(i)), medium(m, 50 * i), 2 * BLOCK);
	}
}

/* A move waits when a chunk ends in the middle of it. */
CHIP_TEST(chunks_need_not_match_moves)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = true;
	t->chunk = 1000;
	driver_start(m);
	memset(at(m, DATA), 0xa5, 16 * BLOCK);
	driver_rw(m, true, 0, 1, 500, 16, DATA);
	driver_rw(m, false, 1, 3, 600, 16, DATA + 0x10000);
	for (i = 0; i < 40; i++)
		targets_finish(m);
	expect_read(m, 1, 500, 16, DATA);
	expect_read(m, 3, 600, 16, DATA + 0x10000);
}

CHIP_TEST(short_data_leave_a_residue)
{
	static const uint8_t cdb[] = {0x12, 0, 0, 0, 255, 0};
	struct machine *m = *state;

	driver_start(m);
	driver_submit(m, &(struct job){.tag = 5,
				       .cdb = cdb,
				       .cdb_len = sizeof(cdb),
				       .buffer = DATA,
				       .length = 255});
	assert_true(job_done(m, 5));
	assert_int_equal(job_residue(m, 5), 255 - INQUIRY_SIZE);
	assert_int_equal(job_residue_address(m, 5), DATA + INQUIRY_SIZE);
	assert_int_equal(rd32(m, LSI_CSBC), INQUIRY_SIZE);
}

/* An error before the data phase: the whole length is left, nothing moved. */
CHIP_TEST(error_before_data)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->status = MPR_SCSI_CHECK_CONDITION;
	t->end_at = 0;
	driver_start(m);
	driver_rw(m, true, 0, 1, 0, 4, DATA);
	assert_true(job_done(m, 1));
	assert_int_equal(job_status(m, 1), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(rd32(m, LSI_CSBC), 0);
}

CHIP_TEST(write_that_ends_early)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->later = true;
	t->end_at = 3 * BLOCK;
	driver_start(m);
	driver_rw(m, true, 0, 1, 0, 4, DATA);
	targets_finish(m);
	assert_true(job_done(m, 1));
	assert_int_equal(job_residue(m, 1), BLOCK);
}

CHIP_TEST(same_tag_on_other_units)
{
	static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 1, 0, 0, 1};
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->later = true;
	driver_start(m);
	driver_submit(m, &(struct job){.lun = 63,
				       .tag = 9,
				       .cdb = cdb,
				       .cdb_len = 10,
				       .buffer = DATA,
				       .length = BLOCK});
	assert_int_equal(t->last_lun, 63);
	assert_int_equal(t->last_tag, 9);
	driver_submit(m, &(struct job){.lun = 5,
				       .tag = 9,
				       .cdb = cdb,
				       .cdb_len = 10,
				       .buffer = DATA,
				       .length = BLOCK});
	assert_int_equal(t->live, 2);
	assert_int_equal(t->cancelled, 0);
}

CHIP_TEST(overlapped_tag_ends_the_older_command)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->later = true;
	driver_start(m);
	driver_rw(m, false, 0, 1, 10, 4, DATA);
	driver_rw(m, false, 0, 1, 20, 4, DATA);
	assert_int_equal(t->cancelled, 1);
	targets_finish(m);
	expect_read(m, 1, 20, 4, DATA);
	assert_int_equal(t->live, 0);
}

CHIP_TEST(too_many_commands_are_refused)
{
	static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 1, 0, 0, 1};
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = true;
	driver_start(m);
	for (i = 0; i < LSI_MAX_TASKS + 1; i++)
		driver_submit(m, &(struct job){.lun = i / 128,
					       .tag = i % 128,
					       .cdb = cdb,
					       .cdb_len = 10,
					       .buffer = DATA,
					       .length = BLOCK});
	assert_int_equal(t->live, LSI_MAX_TASKS);
	assert_true(job_done(m, 0));
	assert_int_equal(job_status(m, 0), MPR_SCSI_TASK_SET_FULL);
}

CHIP_TEST(bus_reset_cancels_all)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = t->late_cancel = true;
	driver_start(m);
	for (i = 0; i < 10; i++)
		driver_rw(m, i & 1, 0, i, i, 1, buffer_of(i));
	targets_poll(m->dev->bus);
	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	wr8(m, LSI_SCNTL1, 0);
	go(m);
	/* The commands' memory is still in use. */
	assert_int_equal(rd16(m, LSI_SIST0), 0);
	targets_drain(m->dev->bus);
	go(m);
	assert_true(m->irq);
	assert_int_equal(rd16(m, LSI_SIST0), LSI_SIST0_RST);
	assert_int_equal(t->live, 0);
	assert_int_equal(m->mapped, 0);
	assert_int_equal(t->completed, 0);
	driver_start(m);
	driver_rw(m, false, 0, 1, 20, 4, DATA);
	targets_finish(m);
	expect_read(m, 1, 20, 4, DATA);
}

/* A host that enables the interrupt and runs no script is told. */
CHIP_TEST(reselection_interrupts)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->later = true;
	driver_start(m);
	driver_rw(m, false, 2, 1, 20, 4, DATA);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_ABRT);
	wr8(m, LSI_ISTAT0, 0);
	rd8(m, LSI_DSTAT);
	wr8(m, LSI_SIEN0, LSI_SIST0_RSL);
	wr8(m, LSI_DCNTL, 0);
	targets_poll(m->dev->bus);
	go(m);
	assert_true(m->irq);
	assert_int_equal(rd8(m, LSI_SIST0), LSI_SIST0_RSL);
	assert_int_equal(rd8(m, LSI_SSID), 0x82);
	assert_int_equal(rd8(m, LSI_SFBR), 1 << 2);
	assert_int_equal(rd8(m, LSI_SBDL), 0x80);
}

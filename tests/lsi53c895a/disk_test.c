/* SPDX-License-Identifier: MIT */
/* The chip works with the real disks: sense data, residues, many commands in
 * flight, in place, and aborts that wait for the medium. */
#include <string.h>

#include "tests/lsi53c895a/disks.h"
#include "tests/lsi53c895a/driver.h"

enum { IMAGE = 1 << 20, PENDING = 24 };

static struct mpr_blk *disk;

static int setup(void **state)
{
	struct machine *m = machine_new();
	unsigned i;

	disk = disks_attach(m, 0, 0, IMAGE);
	disks_attach(m, 1, 3, IMAGE);
	for (i = 0; i < IMAGE; i++)
		disk->data[i] = i % 253;
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	machine_free(*state);
	disks_free();
	return 0;
}

#define DISK_TEST(name) UNIT_TEST_WITH(name, setup, teardown)

static uint8_t command(struct machine *m, const uint8_t *cdb, unsigned len, uint32_t length)
{
	driver_submit(
		m, &(struct job){
			   .tag = 1, .cdb = cdb, .cdb_len = len, .buffer = DATA, .length = length});
	disks_finish(m);
	assert_true(job_done(m, 1));
	return job_status(m, 1);
}

/* The unit attention after power-on is fetched with REQUEST SENSE. */
static void make_ready(struct machine *m)
{
	static const uint8_t ready[6] = {0}, sense[6] = {0x03, 0, 0, 0, 18};

	driver_start(m);
	assert_int_equal(command(m, ready, 6, 0), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(command(m, sense, 6, 18), MPR_SCSI_GOOD);
	assert_int_equal(*at(m, DATA + 2) & 0x0f, 6);
	assert_int_equal(*at(m, DATA + 12), 0x29);
	assert_int_equal(command(m, ready, 6, 0), MPR_SCSI_GOOD);
}

DISK_TEST(residues)
{
	static const uint8_t inquiry[6] = {0x12, 0, 0, 0, 255};
	static const uint8_t report_luns[12] = {0xa0, 0, 0, 0, 0, 0, 0, 0, 2, 0};
	struct machine *m = *state;

	make_ready(m);
	assert_int_equal(command(m, report_luns, 12, 512), MPR_SCSI_GOOD);
	assert_int_equal(job_residue(m, 1), 496);
	assert_int_equal(command(m, inquiry, 6, 255), MPR_SCSI_GOOD);
	assert_int_equal(job_residue(m, 1), 255 - (*at(m, DATA + 4) + 5));
}

DISK_TEST(reads_and_writes_without_copying)
{
	struct machine *m = *state;
	unsigned i;

	make_ready(m);
	m->chip->stats = (struct lsi_stats){0};
	for (i = 0; i < PENDING; i++) {
		memset(at(m, DATA + i * 0x4000), 0x40 + i, 4 * BLOCK);
		driver_rw(m, i & 1, 0, i, 16 * i, 4, DATA + i * 0x4000);
	}
	assert_int_equal(disk->in_flight, PENDING);
	disks_finish(m);
	for (i = 0; i < PENDING; i++) {
		assert_true(job_done(m, i));
		assert_memory_equal(at(m, DATA + i * 0x4000), disk->data + 16 * i * BLOCK,
				    4 * BLOCK);
	}
	assert_int_equal(m->chip->stats.moved_bytes, PENDING * 4 * BLOCK);
	assert_int_equal(m->chip->stats.bounced_bytes, 0);
	assert_int_equal(m->mapped, 0);
}

DISK_TEST(medium_error)
{
	static const uint8_t read[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 4};
	struct machine *m = *state;

	make_ready(m);
	disk->error = -5;
	assert_int_equal(command(m, read, 10, 4 * BLOCK), MPR_SCSI_CHECK_CONDITION);
	disk->error = 0;
}

DISK_TEST(aborted_write_ends_before_the_bus_is_free)
{
	struct machine *m = *state;

	make_ready(m);
	driver_rw(m, true, 0, 5, 8, 4, DATA);
	assert_int_equal(disk->in_flight, 1);
	driver_submit(
		m, &(struct job){.tag = 5, .message = (const uint8_t *)"\x0d", .message_len = 1});
	assert_true(rd8(m, LSI_SCNTL1) & LSI_SCNTL1_CON);
	disks_poll();
	go(m);
	assert_false(rd8(m, LSI_SCNTL1) & LSI_SCNTL1_CON);
	assert_int_equal(m->mapped, 0);
}

DISK_TEST(bus_reset_with_io_under_way)
{
	static const uint8_t ready[6] = {0};
	struct machine *m = *state;
	unsigned i;

	make_ready(m);
	for (i = 0; i < PENDING; i++)
		driver_rw(m, i & 1, 0, i, 16 * i, 4, DATA + i * 0x4000);
	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	wr8(m, LSI_SCNTL1, 0);
	go(m);
	assert_int_equal(rd8(m, LSI_SIST0), 0);
	disks_finish(m);
	assert_int_equal(rd8(m, LSI_SIST0), LSI_SIST0_RST);
	driver_start(m);
	assert_int_equal(command(m, ready, 6, 0), MPR_SCSI_CHECK_CONDITION);
}

/* SPDX-License-Identifier: MIT */
/* However the guest takes back the memory of commands in flight, it sees that this is done
 * only when no disk accesses the memory any more. */
#include <string.h>

#include "tests/lsi53c895a/disks.h"
#include "tests/lsi53c895a/driver.h"

enum { IMAGE = 1 << 20, READS = 8, LENGTH = 4 * BLOCK };

static struct mpr_blk *disk;

static uint32_t buffer_of(unsigned tag)
{
	return DATA + tag * 0x4000;
}

/* A driver has reads in flight, all of them straight into guest memory. */
static int setup(void **state)
{
	static const uint8_t sense[6] = {0x03, 0, 0, 0, 18};
	struct machine *m = machine_new();

	disk = disks_attach(m, 0, 0, IMAGE);
	memset(disk->data, 0x5a, IMAGE);
	driver_start(m);
	driver_submit(
		m,
		&(struct job){.tag = 1, .cdb = sense, .cdb_len = 6, .buffer = DATA, .length = 18});
	disks_finish(m);
	for (unsigned i = 0; i < READS; i++)
		driver_rw(m, false, 0, i, 16 * i, 4, buffer_of(i));
	assert_int_equal(disk->in_flight, READS);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	machine_free(*state);
	disks_free();
	return 0;
}

#define RECLAIM_TEST(name) UNIT_TEST_WITH(name, setup, teardown)

/* The guest waits until the disks' I/O has ended. */
static void expect_settling(struct machine *m)
{
	go(m);
	assert_true(m->dev->settling);
	for (unsigned left = READS; left > 0; left--) {
		assert_true(m->dev->settling);
		assert_int_equal(disk->in_flight, left);
		fake_blk_end(disk, 0);
	}
	assert_false(m->dev->settling);
}

/* Then nothing writes to its memory. */
static void expect_memory_to_be_the_guests(struct machine *m)
{
	static const uint8_t mine[LENGTH];

	assert_int_equal(m->mapped, 0);
	for (unsigned i = 0; i < READS; i++)
		memset(at(m, buffer_of(i)), 0, LENGTH);
	disks_finish(m);
	for (unsigned i = 0; i < READS; i++)
		assert_memory_equal(at(m, buffer_of(i)), mine, LENGTH);
}

RECLAIM_TEST(soft_reset)
{
	struct machine *m = *state;

	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	expect_settling(m);
	expect_memory_to_be_the_guests(m);
	expect_stop(m, 0, 0, 0);
}

RECLAIM_TEST(soft_reset_by_scripts)
{
	struct machine *m = *state;

	m->pc = PROGRAM;
	op_reg(m, LSI_ISTAT0, 0, LSI_ISTAT0_SRST);
	start(m, PROGRAM);
	expect_settling(m);
	expect_memory_to_be_the_guests(m);
}

RECLAIM_TEST(bus_reset)
{
	struct machine *m = *state;

	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	expect_settling(m);
	expect_memory_to_be_the_guests(m);
	expect_stop(m, 0, LSI_SIST0_RST, 0);
}

RECLAIM_TEST(end_of_bus_mastering)
{
	struct machine *m = *state;

	set_command(m, MPR_PCI_COMMAND_IO | MPR_PCI_COMMAND_MEMORY);
	expect_settling(m);
	expect_memory_to_be_the_guests(m);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
}

RECLAIM_TEST(pci_reset)
{
	struct machine *m = *state;

	mpr_pci_reset(&m->dev->pci);
	m->dev->ops->reset(m->dev);
	expect_settling(m);
	expect_memory_to_be_the_guests(m);
}

/* Other writes to the same registers, and commands that are done, let nobody wait. */
RECLAIM_TEST(what_ends_nothing_does_not_settle)
{
	struct machine *m = *state;

	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SIGP);
	set_command(m, MPR_PCI_COMMAND_MEMORY | MPR_PCI_COMMAND_MASTER);
	assert_false(m->dev->settling);
	disks_finish(m);
	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	assert_false(m->dev->settling);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	assert_false(m->dev->settling);
}

/* A nexus that is used again: the second command begins when the I/O of the first one has
 * ended, so that none of it follows the second one's status. */
RECLAIM_TEST(command_on_a_nexus_in_use)
{
	struct machine *m = *state;

	driver_rw(m, false, 0, 0, 800, 4, DATA + 0x80000);
	assert_int_equal(disk->in_flight, READS);
	assert_true(rd8(m, LSI_SCNTL1) & LSI_SCNTL1_CON);
	fake_blk_end(disk, 0);
	go(m);
	assert_int_equal(disk->in_flight, READS);
	assert_int_equal(disk->last.offset, 800 * BLOCK);
	disks_finish(m);
	assert_true(job_done(m, 0));
	assert_int_equal(m->mapped, 0);
}

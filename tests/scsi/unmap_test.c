/* SPDX-License-Identifier: MIT */
/* UNMAP discards what its list names, and nothing when the list is wrong; disks whose
 * image takes no discards do not have it. */
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

static int setup(void **state)
{
	struct mpr_scsi_disk_options options = {0};
	struct mpr_blk *blk = fake_blk_new(8 * MIB);

	blk->discard = true;
	memset(blk->data, 0xAA, 8 * MIB);
	*state = initiator_with(blk, &options);
	initiator_clear_ua(*state);
	return 0;
}

#define TEST(name) UNIT_TEST_WITH(name, setup, initiator_teardown)

/* A list of two extents. */
static void make_list(uint8_t list[40], uint32_t lba0, uint32_t blocks0, uint32_t lba1,
		      uint32_t blocks1)
{
	const uint32_t words[] = {0x00260020, 0, 0, lba0, blocks0, 0, 0, lba1, blocks1, 0};

	for (size_t i = 0; i < 10; i++)
		for (size_t j = 0; j < 4; j++)
			list[4 * i + j] = (uint8_t)(words[i] >> (24 - 8 * j));
}

#define UNMAP(length) 0x42, 0, 0, 0, 0, 0, 0, 0, length, 0

TEST(listed_extents_are_discarded)
{
	struct initiator *in = *state;
	uint8_t list[40];

	make_list(list, 2, 3, 16383, 1);
	assert_int_equal(run(in, list, sizeof(list), NULL, UNMAP(40)), MPR_SCSI_GOOD);
	assert_int_equal(in->blk->discards, 2);
	assert_int_equal(in->blk->data[2 * 512 - 1], 0xAA);
	assert_int_equal(in->blk->data[2 * 512], 0);
	assert_int_equal(in->blk->data[5 * 512 - 1], 0);
	assert_int_equal(in->blk->data[5 * 512], 0xAA);
	assert_int_equal(in->blk->data[16383 * 512], 0);
}

TEST(wrong_lists_discard_nothing)
{
	struct initiator *in = *state;
	uint8_t list[40];

	make_list(list, 2, 3, 16383, 2);
	assert_int_equal(failure_of(in, list, sizeof(list), UNMAP(40)), 0x052100);
	make_list(list, 2, 3, 0xFFFFFFFF, 0xFFFFFFFF);
	assert_int_equal(failure_of(in, list, sizeof(list), UNMAP(40)), 0x052100);
	make_list(list, 2, 3, 4, 1);
	assert_int_equal(failure_of(in, list, sizeof(list), UNMAP(7)), 0x051A00);
	assert_int_equal(failure_of(in, list, sizeof(list), UNMAP(39)), 0x051A00);
	assert_int_equal(failure_of(in, list, sizeof(list), 0x42, 1, 0, 0, 0, 0, 0, 0, 40, 0),
			 0x052400);
	in->blk->read_only = true;
	assert_int_equal(failure_of(in, list, sizeof(list), UNMAP(40)), 0x072700);
	assert_int_equal(in->blk->discards, 0);
}

TEST(empty_lists_are_good)
{
	struct initiator *in = *state;
	uint8_t list[40];

	make_list(list, 2, 0, 4, 0);
	assert_int_equal(run(in, NULL, 0, NULL, UNMAP(0)), MPR_SCSI_GOOD);
	assert_int_equal(run(in, list, sizeof(list), NULL, UNMAP(40)), MPR_SCSI_GOOD);
	list[3] = 15; /* less than a descriptor */
	assert_int_equal(run(in, list, sizeof(list), NULL, UNMAP(40)), MPR_SCSI_GOOD);
}

TEST(thin_disk_says_that_it_is_one)
{
	struct initiator *in = *state;
	uint8_t d[255];

	assert_int_equal(
		run(in, d, 32, NULL, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
		MPR_SCSI_GOOD);
	assert_int_equal(d[14], 0x80); /* LBPME */
	assert_int_equal(run(in, d, 255, NULL, 0x12, 1, 0xB2, 0, 255, 0), MPR_SCSI_GOOD);
	assert_int_equal(d[5], 0x80); /* LBPU */
	assert_int_equal(d[6], 2);    /* thin */
	assert_int_equal(run(in, d, 255, NULL, 0x12, 1, 0xB0, 0, 255, 0), MPR_SCSI_GOOD);
	assert_memory_equal(d + 20, "\x00\x20\x00\x00\x00\x00\x00\xff\x00\x00\x00\x08", 12);
}

UNIT_TEST(other_disks_have_no_unmap)
{
	struct initiator *in = initiator_new(8 * MIB);
	uint8_t list[40], d[255];

	initiator_clear_ua(in);
	make_list(list, 2, 3, 4, 1);
	assert_int_equal(failure_of(in, list, sizeof(list), UNMAP(40)), 0x052000);
	assert_int_equal(run(in, d, 255, NULL, 0x12, 1, 0xB2, 0, 255, 0), MPR_SCSI_GOOD);
	assert_int_equal(d[5], 0);
	initiator_free(in);
}

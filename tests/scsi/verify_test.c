/* SPDX-License-Identifier: MIT */
/* VERIFY, WRITE AND VERIFY and COMPARE AND WRITE compare what is on the medium. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

static void fill(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 5 + i / 512);
}

/* The INFORMATION field of the sense data, which must be a miscompare. */
static uint32_t miscompare_at(struct initiator *in)
{
	uint8_t d[18];

	assert_int_equal(run(in, d, 18, NULL, 0x03, 0, 0, 0, 18, 0), MPR_SCSI_GOOD);
	assert_int_equal(d[0], 0xF0);
	assert_int_equal(d[2], 0x0E);
	assert_int_equal(d[12] << 8 | d[13], 0x1D00);
	return (uint32_t)d[3] << 24 | (uint32_t)d[4] << 16 | (uint32_t)d[5] << 8 | d[6];
}

/* ---- VERIFY ----------------------------------------------------------- */

TEST(verify_without_bytchk_moves_nothing)
{
	struct initiator *in = *state;
	uint64_t moved;

	assert_int_equal(run(in, NULL, 0, &moved, 0x2F, 0, 0, 0, 0, 0, 0, 0, 8, 0), 0);
	assert_int_equal(moved, 0);
	assert_int_equal(run(in, NULL, 0, &moved, 0xAF, 0x10, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), 0);
	assert_int_equal(
		run(in, NULL, 0, &moved, 0x8F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), 0);
	assert_int_equal(failure(in, 0x2F, 0, 0, 0, 0x40, 0, 0, 0, 1, 0), 0x052100);
}

TEST(verify_compares_every_block)
{
	struct initiator *in = *state;
	size_t size = 600 * 512; /* more than one chunk */
	uint8_t *buf = malloc(size);
	uint64_t moved;

	fill(in->blk->data, 8 * MIB);
	memcpy(buf, in->blk->data + 2 * 512, size);
	assert_int_equal(run(in, buf, size, &moved, 0x2F, 2, 0, 0, 0, 2, 0, 600 >> 8, 600 & 255, 0),
			 0);
	assert_int_equal(moved, size);
	assert_int_equal(
		run(in, buf, size, NULL, 0xAF, 2, 0, 0, 0, 2, 0, 0, 600 >> 8, 600 & 255, 0, 0), 0);
	assert_int_equal(run(in, buf, size, NULL, 0x8F, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 600 >> 8,
			     600 & 255, 0, 0),
			 0);
	buf[599 * 512 + 11] ^= 1;
	assert_int_equal(run(in, buf, size, NULL, 0x2F, 2, 0, 0, 0, 2, 0, 600 >> 8, 600 & 255, 0),
			 MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(miscompare_at(in), 599 * 512 + 11);
	assert_int_equal(in->blk->writes, 0);
	free(buf);
}

TEST(verify_compares_one_block_with_all)
{
	struct initiator *in = *state;
	uint8_t block[512];
	uint64_t moved;

	fill(block, 512);
	for (unsigned i = 0; i < 700; i++)
		memcpy(in->blk->data + i * 512, block, 512);
	assert_int_equal(
		run(in, block, 512, &moved, 0x2F, 6, 0, 0, 0, 0, 0, 700 >> 8, 700 & 255, 0), 0);
	assert_int_equal(moved, 512);
	in->blk->data[699 * 512 + 3] ^= 1;
	assert_int_equal(run(in, block, 512, NULL, 0x2F, 6, 0, 0, 0, 0, 0, 700 >> 8, 700 & 255, 0),
			 MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(miscompare_at(in), 3);
}

TEST(verify_of_no_blocks_wants_no_data)
{
	uint64_t moved;

	for (uint8_t bytchk = 0; bytchk <= 6; bytchk += 2) {
		if (bytchk == 4)
			continue;
		assert_int_equal(run(*state, NULL, 0, &moved, 0x2F, bytchk, 0, 0, 0, 0, 0, 0, 0, 0),
				 0);
		assert_int_equal(moved, 0);
	}
	assert_int_equal(failure(*state, 0x2F, 2, 0, 0, 0x40, 1, 0, 0, 0, 0), 0x052100);
}

TEST(reserved_bytchk_is_refused)
{
	assert_int_equal(failure(*state, 0x2F, 4, 0, 0, 0, 0, 0, 0, 1, 0), 0x052400);
	assert_int_equal(failure(*state, 0x2E, 4, 0, 0, 0, 0, 0, 0, 1, 0), 0x052400);
	assert_int_equal(failure(*state, 0x2E, 6, 0, 0, 0, 0, 0, 0, 1, 0), 0x052400);
}

TEST(verify_works_on_a_read_only_image)
{
	struct initiator *in = *state;
	uint8_t block[512] = {0};

	in->blk->read_only = true;
	assert_int_equal(run(in, block, 512, NULL, 0x2F, 2, 0, 0, 0, 0, 0, 0, 1, 0), 0);
}

TEST(verify_reports_read_errors)
{
	struct initiator *in = *state;
	uint8_t block[512] = {0};

	in->blk->error = -EIO;
	assert_int_equal(run(in, block, 512, NULL, 0x2F, 2, 0, 0, 0, 0, 0, 0, 1, 0),
			 MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(fetch_sense(in), 0x031100);
}

/* ---- WRITE AND VERIFY ------------------------------------------------- */

TEST(write_and_verify_is_durable)
{
	struct initiator *in = *state;
	uint8_t buf[1024];

	fill(buf, sizeof(buf));
	assert_int_equal(run(in, buf, 1024, NULL, 0x2E, 0, 0, 0, 0, 4, 0, 0, 2, 0), 0);
	assert_int_equal(in->blk->fua_writes, 1);
	assert_int_equal(in->blk->reads, 0);
	assert_memory_equal(in->blk->data + 4 * 512, buf, 1024);
}

TEST(write_and_verify_with_bytchk_reads_back)
{
	struct initiator *in = *state;
	size_t size = 600 * 512;
	uint8_t *buf = malloc(size);

	fill(buf, size);
	assert_int_equal(
		run(in, buf, size, NULL, 0xAE, 2, 0, 0, 0, 4, 0, 0, 600 >> 8, 600 & 255, 0, 0), 0);
	assert_int_equal(in->blk->writes, 2);
	assert_int_equal(in->blk->reads, 2);
	assert_memory_equal(in->blk->data + 4 * 512, buf, size);
	assert_int_equal(run(in, buf, 512, NULL, 0x8E, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
			 0);
	assert_memory_equal(in->blk->data, buf, 512);
	free(buf);
}

/* ---- COMPARE AND WRITE ------------------------------------------------ */

static uint8_t compare_and_write(struct initiator *in, uint8_t *buf, uint8_t lba, uint8_t blocks)
{
	return run(in, buf, 2u * blocks * 512, NULL, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0,
		   blocks, 0, 0);
}

TEST(equal_blocks_are_replaced)
{
	struct initiator *in = *state;
	uint8_t *buf = malloc(2 * 255 * 512);

	fill(in->blk->data, 8 * MIB);
	for (unsigned n = 1; n <= 255; n += 127) {
		memcpy(buf, in->blk->data + 3 * 512, n * 512);
		memset(buf + n * 512, (int)n, n * 512);
		assert_int_equal(compare_and_write(in, buf, 3, (uint8_t)n), MPR_SCSI_GOOD);
		assert_memory_equal(in->blk->data + 3 * 512, buf + n * 512, n * 512);
	}
	free(buf);
}

TEST(different_blocks_are_left_alone)
{
	struct initiator *in = *state;
	uint8_t buf[4 * 512];

	fill(in->blk->data, 8 * MIB);
	memcpy(buf, in->blk->data, 1024);
	buf[777] ^= 0x80;
	assert_int_equal(compare_and_write(in, buf, 0, 2), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(miscompare_at(in), 777);
	assert_int_equal(in->blk->writes, 0);
}

TEST(compare_and_write_has_its_limits)
{
	struct initiator *in = *state;
	struct mpr_scsi_disk_options o = {.logical_block_size = 4096, .lun = 1};
	char *error = NULL;

	assert_int_equal(run(in, NULL, 0, NULL, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			 MPR_SCSI_GOOD);
	assert_int_equal(failure(in, 0x89, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
			 0x052400);
	assert_int_equal(failure(in, 0x89, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 1, 0, 0),
			 0x052100);
	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, &o, &error), 0);
	fetch_sense_lun(in, 1);
	assert_int_equal(run_lun(in, 1, CDB(0x89, [13] = 33, [15] = 0), 16, NULL, 0, NULL),
			 MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(fetch_sense_lun(in, 1), 0x052400);
}

TEST(compare_and_write_honours_fua)
{
	struct initiator *in = *state;
	uint8_t buf[1024] = {0};

	assert_int_equal(
		run(in, buf, 1024, NULL, 0x89, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0);
	assert_int_equal(in->blk->fua_writes, 1);
}

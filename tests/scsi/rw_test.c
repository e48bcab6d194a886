/* SPDX-License-Identifier: MIT */
/* READ and WRITE of every length move the right blocks, in place where they can, and check first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

#define BLOCKS (8 * MIB / 512) /* 16384 = 0x4000 */

static void fill(uint8_t *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 512 + seed);
}

static struct initiator *with_blocks(uint64_t bytes, uint32_t block_size)
{
	struct mpr_scsi_disk_options o = {.logical_block_size = block_size};
	struct initiator *in = initiator_with(fake_blk_new(bytes), &o);

	initiator_clear_ua(in);
	return in;
}

/* ---- Where the bytes go ----------------------------------------------- */

TEST(read_6_takes_0_for_256_blocks)
{
	struct initiator *in = *state;
	uint8_t *buf = malloc(256 * 512);
	uint64_t moved;

	fill(in->blk->data, 8 * MIB, 1);
	assert_int_equal(run(in, buf, 256 * 512, &moved, 0x08, 0, 1, 0, 0, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 256 * 512);
	assert_memory_equal(buf, in->blk->data + 256 * 512, 256 * 512);
	free(buf);
}

TEST(every_read_reads)
{
	struct initiator *in = *state;
	uint8_t buf[3 * 512];

	fill(in->blk->data, 8 * MIB, 2);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x08, 0, 0x12, 0x34, 3, 0), 0);
	assert_memory_equal(buf, in->blk->data + 0x1234 * 512, sizeof(buf));
	memset(buf, 0, sizeof(buf));
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x28, 0, 0, 0, 0x12, 0x34, 0, 0, 3, 0), 0);
	assert_memory_equal(buf, in->blk->data + 0x1234 * 512, sizeof(buf));
	memset(buf, 0, sizeof(buf));
	assert_int_equal(
		run(in, buf, sizeof(buf), NULL, 0xA8, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 3, 0, 0), 0);
	assert_memory_equal(buf, in->blk->data + 0x1234 * 512, sizeof(buf));
	memset(buf, 0, sizeof(buf));
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x88, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0,
			     0, 0, 3, 0, 0),
			 0);
	assert_memory_equal(buf, in->blk->data + 0x1234 * 512, sizeof(buf));
}

TEST(every_write_writes)
{
	struct initiator *in = *state;
	uint8_t buf[3 * 512];

	fill(buf, sizeof(buf), 3);
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x0A, 0, 0x10, 0x00, 3, 0), 0);
	assert_memory_equal(in->blk->data + 0x1000 * 512, buf, sizeof(buf));
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x2A, 0, 0, 0, 0x11, 0x00, 0, 0, 3, 0), 0);
	assert_memory_equal(in->blk->data + 0x1100 * 512, buf, sizeof(buf));
	assert_int_equal(
		run(in, buf, sizeof(buf), NULL, 0xAA, 0, 0, 0, 0x12, 0x00, 0, 0, 0, 3, 0, 0), 0);
	assert_memory_equal(in->blk->data + 0x1200 * 512, buf, sizeof(buf));
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x8A, 0, 0, 0, 0, 0, 0, 0, 0x13, 0x00, 0,
			     0, 0, 3, 0, 0),
			 0);
	assert_memory_equal(in->blk->data + 0x1300 * 512, buf, sizeof(buf));
	assert_int_equal(in->blk->fua_writes, 0);
	assert_int_equal(in->blk->flushes, 0);
}

UNIT_TEST(addresses_count_logical_blocks)
{
	struct initiator *in = with_blocks(8 * MIB, 4096);
	uint8_t buf[4096];

	fill(in->blk->data, 8 * MIB, 4);
	assert_int_equal(run(in, buf, sizeof(buf), NULL, 0x28, 0, 0, 0, 7, 0xFF, 0, 0, 1, 0), 0);
	assert_memory_equal(buf, in->blk->data + 0x7FF * 4096, 4096);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 8, 0, 0, 0, 1, 0), 0x052100);
	initiator_free(in);
}

UNIT_TEST(large_addresses_reach_their_place)
{
	struct initiator *in = with_blocks((1ull << 33) * 512, 512);
	uint8_t buf[512];

	assert_int_equal(run(in, buf, 512, NULL, 0x88, 0, 0, 0, 0, 1, 0x23, 0x45, 0x67, 0x89, 0, 0,
			     0, 1, 0, 0),
			 0);
	assert_int_equal(in->blk->last.offset, 0x123456789ull * 512);
	initiator_free(in);
}

/* ---- In place, and in chunks ------------------------------------------ */

TEST(offered_memory_is_read_into)
{
	struct initiator *in = *state;
	static uint8_t buf[MIB];
	uint8_t cdb[] = {0x28, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0};
	struct cmd c;

	fill(in->blk->data, MIB, 5);
	cmd_start(in, &c, 0, 1, MPR_SCSI_SIMPLE, cdb, sizeof(cdb), buf, sizeof(buf), true);
	assert_false(c.data);
	assert_ptr_equal(in->blk->last.base, buf);
	fake_blk_end_all(in->blk);
	assert_true(c.data);
	assert_null(c.task->buf);
	assert_int_equal(c.task->chunk, MIB);
	cmd_move(&c);
	assert_int_equal(c.completed, 1);
	assert_int_equal(in->blk->reads, 1);
	assert_memory_equal(buf, in->blk->data, MIB);
	cmd_finish(&c);
}

TEST(offered_memory_beyond_the_data_is_left_alone)
{
	struct initiator *in = *state;
	uint8_t buf[700], rest[600];
	struct iovec sg[3] = {{buf, 300}, {rest, 400}, {rest + 400, 200}};
	uint8_t cdb[] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
	struct cmd c = {0};

	memset(rest, 0xEE, sizeof(rest));
	fill(in->blk->data, 512, 6);
	c.task = mpr_scsi_task_new(in->bus, 0, 0, 1, MPR_SCSI_SIMPLE, cdb, sizeof(cdb), &c);
	mpr_scsi_task_start(c.task, sg, 3);
	assert_int_equal(in->blk->last.niov, 2);
	assert_int_equal(in->blk->last.length, 512);
	fake_blk_end_all(in->blk);
	cmd_move(&c);
	assert_memory_equal(buf, in->blk->data, 300);
	assert_memory_equal(rest, in->blk->data + 300, 212);
	assert_int_equal(rest[212], 0xEE);
	cmd_finish(&c);
}

TEST(offer_that_is_too_small_is_not_used)
{
	struct initiator *in = *state;
	uint8_t buf[512];
	struct iovec sg = {buf, 511};
	uint8_t cdb[] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
	struct cmd c = {.buffer = buf, .size = 512};

	c.task = mpr_scsi_task_new(in->bus, 0, 0, 1, MPR_SCSI_SIMPLE, cdb, sizeof(cdb), &c);
	mpr_scsi_task_start(c.task, &sg, 1);
	fake_blk_end_all(in->blk);
	assert_non_null(c.task->buf);
	cmd_move(&c);
	cmd_finish(&c);
}

TEST(reads_without_an_offer_come_in_aligned_chunks)
{
	struct initiator *in = *state;
	size_t size = 2 * MPR_SCSI_MAX_CHUNK + 512;
	uint8_t *buf = malloc(size);
	uint8_t cdb[] = {0x28, 0, 0, 0, 0, 1, 0, 0x04, 0x01, 0};
	struct cmd c;

	fill(in->blk->data, 8 * MIB, 7);
	cmd_start(in, &c, 0, 1, MPR_SCSI_SIMPLE, cdb, sizeof(cdb), buf, size, false);
	while (!c.completed) {
		assert_int_equal((uintptr_t)in->blk->last.base % 4096, 0);
		fake_blk_end_all(in->blk);
		assert_true(c.task->chunk <= MPR_SCSI_MAX_CHUNK);
		cmd_move(&c);
	}
	assert_int_equal(c.chunks, 3);
	assert_int_equal(c.task->transferred, size);
	assert_memory_equal(buf, in->blk->data + 512, size);
	cmd_finish(&c);
	free(buf);
}

TEST(writes_are_written_from_where_they_are)
{
	struct initiator *in = *state;
	static uint8_t buf[4 * MIB];
	uint8_t cdb[] = {0x2A, 0, 0, 0, 0, 0, 0, 0x20, 0x00, 0};
	struct cmd c;

	fill(buf, sizeof(buf), 8);
	cmd_start(in, &c, 0, 1, MPR_SCSI_SIMPLE, cdb, sizeof(cdb), buf, sizeof(buf), false);
	assert_int_equal(c.task->chunk, sizeof(buf));
	cmd_move(&c);
	assert_ptr_equal(in->blk->last.base, buf);
	assert_int_equal(c.completed, 0);
	fake_blk_end_all(in->blk);
	assert_int_equal(c.completed, 1);
	assert_int_equal(in->blk->writes, 1);
	assert_memory_equal(in->blk->data, buf, sizeof(buf));
	cmd_finish(&c);
}

TEST(long_writes_come_in_several_chunks)
{
	struct initiator *in = *state;
	uint8_t *buf = malloc(8 * MIB);
	uint64_t moved;

	fill(buf, 8 * MIB, 9);
	assert_int_equal(run(in, buf, 8 * MIB, &moved, 0x2A, 0, 0, 0, 0, 0, 0, 0x40, 0x00, 0), 0);
	assert_int_equal(moved, 8 * MIB);
	assert_int_equal(in->blk->writes, 2);
	assert_memory_equal(in->blk->data, buf, 8 * MIB);
	free(buf);
}

/* ---- Checks ----------------------------------------------------------- */

TEST(blocks_past_the_end_are_refused)
{
	struct initiator *in = *state;

	assert_int_equal(failure(in, 0x08, 0, 0x40, 0x00, 1, 0), 0x052100);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 0x3F, 0xFF, 0, 0, 2, 0), 0x052100);
	assert_int_equal(failure(in, 0x28, 0, 0x80, 0, 0, 0, 0, 0, 1, 0), 0x052100);
	assert_int_equal(failure(in, 0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 1, 0), 0x052100);
	assert_int_equal(failure(in, 0x2A, 0, 0, 0, 0x40, 0, 0, 0, 1, 0), 0x052100);
	assert_int_equal(failure(in, 0xA8, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0), 0x052100);
	assert_int_equal(failure(in, 0x88, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0,
				 0, 1, 0, 0),
			 0x052100);
	assert_int_equal(failure(in, 0x8A, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
				 0xFF, 0xFF, 0xFF, 0, 0),
			 0x052100);
	assert_int_equal(in->blk->reads + in->blk->writes, 0);
}

TEST(no_blocks_are_no_transfer_but_a_checked_address)
{
	struct initiator *in = *state;
	uint64_t moved;

	assert_int_equal(run(in, NULL, 0, &moved, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(moved, 0);
	assert_int_equal(run(in, NULL, 0, NULL, 0x2A, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 0x40, 0x01, 0, 0, 0, 0), 0x052100);
	assert_int_equal(failure(in, 0x2A, 0, 0, 0, 0x40, 0x01, 0, 0, 0, 0), 0x052100);
	assert_int_equal(in->blk->reads + in->blk->writes, 0);
}

TEST(protection_fields_are_refused)
{
	static const uint8_t opcodes_10[] = {0x28, 0x2A, 0x2E, 0x2F};

	for (size_t i = 0; i < sizeof(opcodes_10); i++) {
		for (unsigned protect = 1; protect < 8; protect++)
			assert_int_equal(failure(*state, opcodes_10[i], protect << 5, 0, 0, 0, 0, 0,
						 0, 1, 0),
					 0x052400);
	}
	assert_int_equal(failure(*state, 0x88, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
			 0x052400);
	assert_int_equal(failure(*state, 0xA8, 0x20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0x052400);
}

TEST(read_only_image_is_not_written)
{
	struct initiator *in = *state;
	uint8_t buf[1024] = {0};

	in->blk->read_only = true;
	assert_int_equal(failure_of(in, buf, 512, 0x0A, 0, 0, 0, 1, 0), 0x072700);
	assert_int_equal(failure_of(in, buf, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x072700);
	assert_int_equal(failure_of(in, buf, 512, 0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0x072700);
	assert_int_equal(failure_of(in, buf, 512, 0x2E, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x072700);
	assert_int_equal(
		failure_of(in, buf, 1024, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0),
		0x072700);
	assert_int_equal(run(in, buf, 512, NULL, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
}

TEST(address_is_checked_before_write_protection)
{
	struct initiator *in = *state;

	in->blk->read_only = true;
	assert_int_equal(failure(in, 0x2A, 0, 0, 0, 0x40, 0, 0, 0, 1, 0), 0x052100);
}

UNIT_TEST(empty_image_is_not_ready)
{
	struct initiator *in = with_blocks(0, 512);

	assert_int_equal(failure(in, 0x00, 0, 0, 0, 0, 0), 0x020403);
	assert_int_equal(failure(in, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x020403);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x020403);
	initiator_free(in);
}

/* ---- Durability ------------------------------------------------------- */

TEST(fua_write_is_durable)
{
	struct initiator *in = *state;
	uint8_t buf[512] = {1};

	assert_int_equal(run(in, buf, 512, NULL, 0x2A, 0x18, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(in->blk->fua_writes, 1);
	assert_int_equal(
		run(in, buf, 512, NULL, 0x8A, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0);
	assert_int_equal(in->blk->fua_writes, 2);
	assert_int_equal(run(in, buf, 512, NULL, 0x2A, 0x02 /* FUA_NV */, 0, 0, 0, 0, 0, 0, 1, 0),
			 0);
	assert_int_equal(in->blk->fua_writes, 3);
}

TEST(write_6_has_no_fua)
{
	struct initiator *in = *state;
	uint8_t buf[512] = {1};

	assert_int_equal(run(in, buf, 512, NULL, 0x0A, 0x08, 0, 0, 1, 0), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(in->blk->fua_writes, 0);
	assert_int_equal(fetch_sense(in), 0x052100);
}

TEST(fua_read_makes_cached_data_durable_first)
{
	struct initiator *in = *state;
	uint8_t buf[512];

	assert_int_equal(run(in, buf, 512, NULL, 0x28, 0x08, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(in->blk->flushes, 1);
	assert_int_equal(in->blk->reads, 1);
}

TEST(dpo_changes_nothing)
{
	struct initiator *in = *state;
	uint8_t buf[512];

	assert_int_equal(run(in, buf, 512, NULL, 0x28, 0x10, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(run(in, buf, 512, NULL, 0x2A, 0x10, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(in->blk->flushes + in->blk->fua_writes, 0);
}

TEST(synchronize_cache_flushes)
{
	struct initiator *in = *state;

	assert_int_equal(run(in, NULL, 0, NULL, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(in->blk->flushes, 1);
	assert_int_equal(run(in, NULL, 0, NULL, 0x91, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			 0);
	assert_int_equal(in->blk->flushes, 2);
	assert_int_equal(failure(in, 0x35, 0, 0, 0, 0x40, 1, 0, 0, 0, 0), 0x052100);
	assert_int_equal(in->blk->flushes, 2);
}

/* ---- Host errors ------------------------------------------------------ */

static uint32_t failure_with(struct initiator *in, int error, uint8_t opcode)
{
	uint8_t buf[512] = {0};
	uint32_t sense;

	in->blk->error = error;
	sense = failure_of(in, buf, 512, opcode, 0, 0, 0, 0, 0, 0, 0, opcode != 0x35, 0);
	in->blk->error = 0;
	return sense;
}

TEST(host_errors_become_sense_data)
{
	assert_int_equal(failure_with(*state, -EIO, 0x28), 0x031100);
	assert_int_equal(failure_with(*state, -EIO, 0x2A), 0x030C00);
	assert_int_equal(failure_with(*state, -EIO, 0x35), 0x030C00);
	assert_int_equal(failure_with(*state, -ENOSPC, 0x2A), 0x072707);
	assert_int_equal(failure_with(*state, -EBADF, 0x28), 0x044400);
	assert_int_equal(failure_with(*state, -ENOMEM, 0x2A), 0x044400);
}

TEST(failed_read_moves_nothing)
{
	struct initiator *in = *state;
	uint8_t buf[512];
	uint64_t moved = 1;

	in->blk->error = -EIO;
	assert_int_equal(run(in, buf, 512, &moved, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0),
			 MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(moved, 0);
}

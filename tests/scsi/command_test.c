/* SPDX-License-Identifier: MIT */
/* The commands that move no blocks, logical units that are not there, and CDBs that are wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

/* ---- READ CAPACITY ---------------------------------------------------- */

static struct initiator *disk_of(uint64_t bytes, uint32_t logical, uint32_t physical)
{
	struct mpr_scsi_disk_options o = {.logical_block_size = logical,
					  .physical_block_size = physical};
	struct initiator *in = initiator_with(fake_blk_new(bytes), &o);

	initiator_clear_ua(in);
	return in;
}

TEST(capacity_10_is_the_last_block)
{
	uint8_t d[8];
	uint64_t moved;

	assert_int_equal(run(*state, d, 8, &moved, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(moved, 8);
	assert_memory_equal(d, "\x00\x00\x3F\xFF\x00\x00\x02\x00", 8);
}

TEST(capacity_10_saturates)
{
	struct initiator *in = disk_of((1ull << 32) * 512, 512, 512);
	uint8_t d[8];

	assert_int_equal(run(in, d, 8, NULL, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_memory_equal(d, "\xFF\xFF\xFF\xFF\x00\x00\x02\x00", 8);
	initiator_free(in);
}

TEST(capacity_10_refuses_an_address_without_pmi)
{
	uint8_t d[8];

	assert_int_equal(failure(*state, 0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0), 0x052400);
	assert_int_equal(run(*state, d, 8, NULL, 0x25, 0, 0, 0, 0, 1, 0, 0, 1, 0), 0);
}

TEST(capacity_16_tells_block_sizes)
{
	struct initiator *in = disk_of((1ull << 33) * 512, 512, 4096);
	uint8_t d[32];
	uint64_t moved;

	assert_int_equal(
		run(in, d, 32, &moved, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 0);
	assert_int_equal(moved, 32);
	assert_memory_equal(d, "\x00\x00\x00\x01\xFF\xFF\xFF\xFF\x00\x00\x02\x00\x00\x03\x00\x00",
			    16);
	initiator_free(in);
}

TEST(capacity_16_is_cut_to_the_allocation_length)
{
	uint8_t d[32];
	uint64_t moved;

	assert_int_equal(
		run(*state, d, 32, &moved, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		0);
	assert_int_equal(moved, 0);
	assert_int_equal(
		run(*state, d, 32, &moved, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0),
		0);
	assert_int_equal(moved, 9);
}

TEST(other_service_actions_are_no_commands)
{
	assert_int_equal(failure(*state, 0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
			 0x052000);
	assert_int_equal(failure(*state, 0xA3, 0x05, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 0x052000);
}

/* ---- REPORT LUNS, absent units ---------------------------------------- */

TEST(report_luns_lists_every_unit)
{
	struct initiator *in = *state;
	struct mpr_scsi_disk_options o = {.lun = 5};
	char *error = NULL;
	uint8_t d[24];
	uint64_t moved;

	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, &o, &error), 0);
	assert_int_equal(run(in, d, 24, &moved, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0), 0);
	assert_int_equal(moved, 24);
	assert_memory_equal(d, "\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\0\0\0", 24);
	assert_int_equal(run(in, d, 16, &moved, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 0);
	assert_int_equal(moved, 16);
	assert_int_equal(d[3], 16);
}

TEST(report_luns_wants_room_and_a_known_selection)
{
	uint8_t d[16];
	uint64_t moved;

	assert_int_equal(failure(*state, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0), 0x052400);
	assert_int_equal(failure(*state, 0xA0, 0, 3, 0, 0, 0, 0, 0, 0, 16, 0, 0), 0x052400);
	assert_int_equal(run(*state, d, 16, &moved, 0xA0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0), 0);
	assert_int_equal(moved, 8);
	assert_int_equal(run(*state, d, 16, &moved, 0xA0, 0, 2, 0, 0, 0, 0, 0, 0, 16, 0, 0), 0);
	assert_int_equal(moved, 16);
}

TEST(absent_unit_answers_inquiry)
{
	uint8_t d[96];
	uint64_t moved;

	assert_int_equal(run_lun(*state, 1, CDB(0x12, 0, 0, 0, 96, 0), 6, d, 96, &moved), 0);
	assert_int_equal(moved, 36);
	assert_int_equal(d[0], 0x7F);
	assert_int_equal(d[4], 31);
	assert_int_equal(run_lun(*state, 63, CDB(0x12, 0, 0, 0, 4, 0), 6, d, 96, &moved), 0);
	assert_int_equal(moved, 4);
}

TEST(absent_unit_answers_request_sense_and_report_luns)
{
	uint8_t d[16];

	assert_int_equal(fetch_sense_lun(*state, 1), 0x052500);
	assert_int_equal(fetch_sense_lun(*state, 1), 0x052500);
	assert_int_equal(
		run_lun(*state, 1, CDB(0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 12, d, 16, NULL),
		0);
	assert_int_equal(d[3], 8);
}

TEST(absent_unit_refuses_the_rest)
{
	struct initiator *in = *state;

	assert_int_equal(run_lun(in, 1, CDB(0, 0, 0, 0, 0, 0), 6, NULL, 0, NULL), 2);
	assert_int_equal(run_lun(in, 9, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 10, NULL, 0, NULL),
			 2);
	assert_int_equal(run_lun(in, 9, CDB(0x12, 1, 0, 0, 96, 0), 6, NULL, 0, NULL), 2);
	assert_int_equal(fetch_sense_lun(in, 9), 0x052500);
	assert_int_equal(fetch_sense(in), 0);
}

TEST(lun_0_is_listed_even_if_absent)
{
	struct mpr_scsi_disk_options o = {.lun = 2};
	struct initiator *in = initiator_with(fake_blk_new(MIB), &o);
	uint8_t d[36];
	uint64_t moved;

	assert_int_equal(run(in, d, 36, NULL, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(d[0], 0x3F);
	assert_int_equal(run(in, d, 24, &moved, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0), 0);
	assert_int_equal(moved, 24);
	assert_int_equal(d[17], 2);
	initiator_free(in);
}

TEST(targets_with_units_are_present)
{
	struct initiator *in = *state;

	assert_true(mpr_scsi_target_present(in->bus, 0));
	assert_false(mpr_scsi_target_present(in->bus, 1));
	assert_false(mpr_scsi_target_present(in->bus, 16));
}

/* ---- REPORT SUPPORTED OPERATION CODES --------------------------------- */

#define RSOC(options, opcode, sa) 0xA3, 0x0C, options, opcode, 0, sa, 0, 0, 16, 0, 0, 0

TEST(one_opcode_is_described)
{
	uint8_t d[64];
	uint64_t moved;

	assert_int_equal(run(*state, d, 64, &moved, RSOC(1, 0x12, 0)), 0);
	assert_int_equal(moved, 4 + 6);
	assert_memory_equal(d, "\x00\x03\x00\x06\x12\x01\xFF\xFF\xFF\x00", 10);
	assert_int_equal(run(*state, d, 64, &moved, RSOC(0x81, 0x12, 0)), 0);
	assert_int_equal(moved, 4 + 6 + 12);
	assert_int_equal(d[1], 0x83);
	assert_memory_equal(d + 10, "\x00\x0A", 2);
}

TEST(unknown_opcode_is_not_supported)
{
	uint8_t d[64];
	uint64_t moved;

	for (unsigned opcode = 0; opcode < 2; opcode++) {
		assert_int_equal(run(*state, d, 64, &moved, RSOC(1, opcode ? 0x93 : 0x41, 0)), 0);
		assert_int_equal(moved, 4);
		assert_memory_equal(d, "\x00\x01\x00\x00", 4);
	}
}

TEST(service_action_is_described)
{
	uint8_t d[64];
	uint64_t moved;

	assert_int_equal(run(*state, d, 64, &moved, RSOC(2, 0x9E, 0x10)), 0);
	assert_int_equal(moved, 4 + 16);
	assert_memory_equal(d, "\x00\x03\x00\x10\x9E\x10", 6);
	assert_int_equal(run(*state, d, 64, &moved, RSOC(2, 0xA3, 0x0C)), 0);
	assert_memory_equal(d, "\x00\x03\x00\x0C\xA3\x0C", 6);
	assert_int_equal(run(*state, d, 64, &moved, RSOC(2, 0x9E, 0x12)), 0);
	assert_memory_equal(d, "\x00\x01\x00\x00", 4);
}

TEST(options_must_fit_the_opcode)
{
	assert_int_equal(failure(*state, RSOC(1, 0x9E, 0x10)), 0x052400);
	assert_int_equal(failure(*state, RSOC(2, 0x12, 0)), 0x052400);
	assert_int_equal(failure(*state, RSOC(3, 0x12, 0)), 0x052400);
}

TEST(all_opcodes_are_listed_and_exist)
{
	struct initiator *in = *state;
	uint8_t all[4096], one[64];
	uint64_t moved;

	for (unsigned rctd = 0; rctd < 2; rctd++) {
		unsigned entry = rctd ? 20 : 8;

		assert_int_equal(run(in, all, sizeof(all), &moved, 0xA3, 0x0C, rctd << 7, 0, 0, 0,
				     0, 0, 16, 0, 0, 0),
				 0);
		assert_int_equal(moved, 4 + ((unsigned)all[2] << 8 | all[3]));
		assert_int_equal((moved - 4) % entry, 0);
		assert_true(moved > 4 + 30 * entry);
		for (uint8_t *e = all + 4; e < all + moved; e += entry) {
			assert_int_equal(run(in, one, 64, NULL, RSOC(e[5] & 1 ? 2 : 1, e[0], e[3])),
					 0);
			assert_int_equal(one[1], 3);
			assert_int_equal(one[3], e[7]);
			assert_int_equal(e[5] >> 1 & 1, rctd);
		}
	}
}

/* A bit that the usage data does not have, but for the SCSI-2 LUN and the vendor's in
 * the control byte. */
static void expect_refusal_of_bit(struct initiator *in, const uint8_t *usage, size_t len,
				  const uint8_t *entry, size_t bit)
{
	static uint8_t buffer[65536];
	uint8_t cdb[16] = {usage[0]};

	if (entry[5] & 1)
		cdb[1] = entry[3];
	if (usage[0] == 0x15 || usage[0] == 0x55)
		cdb[1] = 0x10; /* PF */
	if (usage[0] == 0xA0)
		cdb[9] = 16; /* the least that REPORT LUNS takes */
	cdb[bit / 8] |= (uint8_t)(1u << bit % 8);
	assert_int_equal(run_lun(in, 0, cdb, len, buffer, sizeof(buffer), NULL),
			 MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(fetch_sense(in), 0x052400);
}

TEST(bits_without_use_are_refused)
{
	uint8_t all[4096], one[64];
	uint64_t moved;

	assert_int_equal(
		run(*state, all, sizeof(all), &moved, 0xA3, 0x0C, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0),
		0);
	for (const uint8_t *e = all + 4; e < all + moved; e += 8) {
		uint8_t *usage = one + 4;
		size_t len = e[7];

		assert_int_equal(run(*state, one, 64, NULL, RSOC(e[5] & 1 ? 2 : 1, e[0], e[3])), 0);
		usage[1] |= e[5] & 1 ? 0xFF : 0xE0;
		usage[len - 1] |= 0xC0;
		for (size_t bit = 8; bit < 8 * len; bit++)
			if (!(usage[bit / 8] & 1u << bit % 8))
				expect_refusal_of_bit(*state, usage, len, e, bit);
	}
}

/* ---- The rest --------------------------------------------------------- */

TEST(seek_checks_its_address)
{
	assert_int_equal(run(*state, NULL, 0, NULL, 0x2B, 0, 0, 0, 0x3F, 0xFF, 0, 0, 0, 0), 0);
	assert_int_equal(failure(*state, 0x2B, 0, 0, 0, 0x40, 0, 0, 0, 0, 0), 0x052100);
}

#define START_STOP(what) 0x1B, 0, 0, 0, what, 0

TEST(stopping_flushes)
{
	struct initiator *in = *state;

	assert_int_equal(run(in, NULL, 0, NULL, START_STOP(1)), 0);
	assert_int_equal(run(in, NULL, 0, NULL, START_STOP(4 /* NO_FLUSH */)), 0);
	assert_int_equal(run(in, NULL, 0, NULL, START_STOP(0x30)), 0);
	assert_int_equal(in->blk->flushes, 0);
	assert_int_equal(run(in, NULL, 0, NULL, START_STOP(0)), 0);
	assert_int_equal(in->blk->flushes, 1);
}

static void expect_stopped(struct initiator *in)
{
	uint8_t d[512];

	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), 0x020402);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x020402);
	assert_int_equal(failure(in, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x020402);
	assert_int_equal(failure(in, 0x2F, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x020402);
	assert_int_equal(run(in, d, 96, NULL, 0x12, 0, 0, 0, 96, 0), 0);
	assert_int_equal(run(in, d, 255, NULL, 0x1A, 0, 0x3F, 0, 255, 0), 0);
}

TEST(stopped_disk_is_not_ready)
{
	static const uint8_t starting[] = {0x01, 0x10, 0x20, 0x30};
	static const uint8_t staying[] = {0x04, 0x70, 0xA0, 0xB0};
	struct initiator *in = *state;

	for (size_t i = 0; i < sizeof(starting); i++) {
		assert_int_equal(run(in, NULL, 0, NULL, START_STOP(0)), 0);
		assert_int_equal(run(in, NULL, 0, NULL, START_STOP(staying[i])), 0);
		expect_stopped(in);
		assert_int_equal(run(in, NULL, 0, NULL, START_STOP(starting[i])), 0);
		assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), 0);
	}
}

TEST(reset_starts_the_disk)
{
	struct initiator *in = *state;

	assert_int_equal(run(in, NULL, 0, NULL, START_STOP(0)), 0);
	mpr_scsi_target_was_reset(in->bus, 0);
	assert_int_equal(fetch_sense(in), 0x062903);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), 0);
}

TEST(failed_flush_does_not_stop)
{
	struct initiator *in = *state;

	in->blk->error = -EIO;
	assert_int_equal(failure(in, START_STOP(0)), 0x030C00);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), 0);
}

TEST(unknown_power_conditions_are_refused)
{
	static const uint8_t conditions[] = {0x4, 0x5, 0x6, 0x8, 0x9, 0xC, 0xD, 0xE, 0xF};

	for (size_t i = 0; i < sizeof(conditions); i++)
		assert_int_equal(failure(*state, START_STOP(conditions[i] << 4)), 0x052400);
}

TEST(fixed_medium_is_not_ejected)
{
	assert_int_equal(failure(*state, 0x1B, 0, 0, 0, 2, 0), 0x052400);
}

TEST(reservations_and_locks_are_accepted)
{
	assert_int_equal(run(*state, NULL, 0, NULL, 0x16, 0, 0, 0, 0, 0), 0);
	assert_int_equal(run(*state, NULL, 0, NULL, 0x17, 0, 0, 0, 0, 0), 0);
	assert_int_equal(run(*state, NULL, 0, NULL, 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(run(*state, NULL, 0, NULL, 0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(run(*state, NULL, 0, NULL, 0x1E, 0, 0, 0, 1, 0), 0);
}

TEST(nobody_reserves_for_a_third_party_or_an_extent)
{
	static const uint8_t opcodes[] = {0x16, 0x17, 0x56, 0x57};
	static const uint8_t fields[] = {0x10 /* 3RDPTY */, 0x1E /* with an ID */,
					 0x01 /* EXTENT */};
	uint8_t cdb[10] = {0};

	for (size_t i = 0; i < sizeof(opcodes) * sizeof(fields); i++) {
		cdb[0] = opcodes[i % sizeof(opcodes)];
		cdb[1] = fields[i / sizeof(opcodes)];
		assert_int_equal(run_lun(*state, 0, cdb, sizeof(cdb), NULL, 0, NULL), 2);
		assert_int_equal(fetch_sense(*state), 0x052400);
	}
	assert_int_equal(failure(*state, 0x56, 0, 0, 0, 0, 0, 0, 0, 8, 0), 0x052400);
}

TEST(unknown_opcodes_are_refused)
{
	static const uint8_t opcodes[] = {0x04, 0x34, 0x37, 0x3B, 0x3C, 0x41, 0x42,
					  0x43, 0x46, 0x4D, 0x5E, 0x5F, 0x60, 0x7F,
					  0x8B, 0x93, 0x9C, 0xC0, 0xFF};
	uint8_t cdb[16] = {0};

	for (size_t i = 0; i < sizeof(opcodes); i++) {
		cdb[0] = opcodes[i];
		assert_int_equal(run_lun(*state, 0, cdb, 16, NULL, 0, NULL), 2);
		assert_int_equal(fetch_sense(*state), 0x052000);
	}
}

TEST(short_cdbs_are_refused)
{
	static const uint8_t cdb[16] = {0x28};

	for (size_t len = 0; len < 10; len++) {
		assert_int_equal(run_lun(*state, 0, cdb, len, NULL, 0, NULL), 2);
		assert_int_equal(fetch_sense(*state), 0x052400);
	}
}

TEST(bytes_after_the_cdb_are_ignored)
{
	static const uint8_t cdb[16] = {0x00, [6] = 0xFF, 0xFF, 0xFF, [15] = 0xFF};

	assert_int_equal(run_lun(*state, 0, cdb, 16, NULL, 0, NULL), 0);
}

TEST(linked_and_naca_commands_are_refused)
{
	assert_int_equal(failure(*state, 0, 0, 0, 0, 0, 1), 0x052400);
	assert_int_equal(failure(*state, 0, 0, 0, 0, 0, 4), 0x052400);
	assert_int_equal(run(*state, NULL, 0, NULL, 0, 0, 0, 0, 0, 0xC0), 0);
}

/* ---- Creation --------------------------------------------------------- */

static void expect_refusal(struct initiator *in, const struct mpr_scsi_disk_options *o, int result,
			   const char *named)
{
	char *error = NULL;

	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, o, &error), result);
	assert_non_null(error);
	assert_non_null(strstr(error, named));
	free(error);
}

TEST(bad_properties_are_named)
{
	struct initiator *in = *state;

	expect_refusal(in, &(struct mpr_scsi_disk_options){0}, -EEXIST, "scsi-id=0, lun=0");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.scsi_id = 16}, -EINVAL, "scsi-id=16");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 64}, -EINVAL, "lun=64");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 1, .logical_block_size = 1000},
		       -EINVAL, "logical_block_size=1000");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 1, .logical_block_size = 65536},
		       -EINVAL, "logical_block_size=65536");
	expect_refusal(in,
		       &(struct mpr_scsi_disk_options){
			       .lun = 1, .logical_block_size = 4096, .physical_block_size = 512},
		       -EINVAL, "physical_block_size=512");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 1, .vendor = "N\x7F"}, -EINVAL,
		       "vendor=N");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 1, .serial = "\n"}, -EINVAL,
		       "serial=");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 1, .device_id = "\xC3\xA4"},
		       -EINVAL, "device_id=");
	expect_refusal(in, &(struct mpr_scsi_disk_options){.lun = 1, .ver = "\x01"}, -EINVAL,
		       "ver=");
	assert_false(mpr_scsi_target_present(in->bus, 1));
}

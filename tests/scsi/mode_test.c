/* SPDX-License-Identifier: MIT */
/* MODE SENSE reports the pages as they are, MODE SELECT changes what may change, all or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

#define TEST(name) UNIT_TEST_WITH(name, initiator_setup, initiator_teardown)

/* Offsets after the header of 4 bytes and the block descriptor. */
#define PAGES 12

static uint64_t mode_sense_6(struct initiator *in, uint8_t page, uint8_t out[255])
{
	uint64_t moved;

	memset(out, 0xEE, 255);
	assert_int_equal(run(in, out, 255, &moved, 0x1A, 0, page, 0, 255, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, out[0] + 1);
	return moved;
}

/* Sends a page as the whole list; returns the sense of a failure, or 0. */
static uint32_t select_page(struct initiator *in, const uint8_t *page, size_t len)
{
	uint8_t list[64] = {0};

	memcpy(list + 4, page, len);
	if (run(in, list, 4 + len, NULL, 0x15, 0x10, 0, 0, (uint8_t)(4 + len), 0) == MPR_SCSI_GOOD)
		return 0;
	return fetch_sense(in);
}

static uint32_t set_wce(struct initiator *in, bool on)
{
	uint8_t page[20] = {0x08, 0x12, on ? 4 : 0};

	return select_page(in, page, sizeof(page));
}

static uint32_t set_swp(struct initiator *in, bool on)
{
	uint8_t page[12] = {0x0A, 0x0A, 0, 0x10, on ? 8 : 0, 0, 0, 0, 0xFF, 0xFF};

	return select_page(in, page, sizeof(page));
}

/* ---- MODE SENSE ------------------------------------------------------- */

TEST(header_and_block_descriptor)
{
	uint8_t d[255];

	assert_int_equal(mode_sense_6(*state, 0x08, d), 12 + 20);
	assert_int_equal(d[1], 0);
	assert_int_equal(d[2], 0x10); /* DPOFUA, no WP */
	assert_int_equal(d[3], 8);
	assert_memory_equal(d + 4, "\x00\x00\x40\x00\x00\x00\x02\x00", 8);
	assert_memory_equal(d + PAGES, "\x08\x12\x04", 3);
}

TEST(ten_byte_form_has_an_8_byte_header)
{
	uint8_t d[255];
	uint64_t moved;

	assert_int_equal(run(*state, d, 255, &moved, 0x5A, 0, 0x08, 0, 0, 0, 0, 0, 255, 0), 0);
	assert_int_equal(moved, 16 + 20);
	assert_memory_equal(d, "\x00\x22\x00\x10\x00\x00\x00\x08", 8);
	assert_memory_equal(d + 16, "\x08\x12\x04", 3);
}

static struct initiator *disk_of_blocks(uint64_t blocks)
{
	struct mpr_scsi_disk_options o = {0};
	struct initiator *in = initiator_with(fake_blk_new(blocks * 512), &o);

	initiator_clear_ua(in);
	return in;
}

UNIT_TEST(short_descriptor_has_four_bytes_of_blocks)
{
	static const uint64_t blocks[] = {0xFFFFFF, 0x1000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000};
	uint8_t d[255];

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct initiator *in = disk_of_blocks(blocks[i]);
		uint32_t expected = blocks[i] < 0xFFFFFFFF ? (uint32_t)blocks[i] : 0xFFFFFFFF;
		uint32_t number;

		mode_sense_6(in, 0x08, d);
		number = (uint32_t)d[4] << 24 | d[5] << 16 | d[6] << 8 | d[7];
		assert_int_equal(number, expected);
		assert_memory_equal(d + 8, "\x00\x00\x02\x00", 4);
		initiator_free(in);
	}
}

/* Selects what LLBAA let sense, then the same with another number of blocks. */
UNIT_TEST(long_descriptor_has_eight_bytes_of_blocks)
{
	struct initiator *in = disk_of_blocks(0x123456789);
	uint8_t d[255];
	uint64_t moved;

	assert_int_equal(run(in, d, 255, &moved, 0x5A, 0x10, 0x08, 0, 0, 0, 0, 0, 255, 0), 0);
	assert_int_equal(moved, 8 + 16 + 20);
	assert_memory_equal(d, "\x00\x2A\x00\x10\x01\x00\x00\x10", 8);
	assert_memory_equal(d + 8, "\0\0\0\x01\x23\x45\x67\x89\0\0\0\0\0\0\x02\0", 16);
	assert_memory_equal(d + 24, "\x08\x12", 2);
	d[0] = d[1] = d[3] = 0;
	assert_int_equal(run(in, d, 44, NULL, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 44, 0), 0);
	memset(d + 8, 0xFF, 8);
	assert_int_equal(run(in, d, 44, NULL, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 44, 0), 0);
	d[15] = 0x88;
	assert_int_equal(failure_of(in, d, 44, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 44, 0), 0x052600);
	initiator_free(in);
}

TEST(long_descriptor_must_be_announced)
{
	uint8_t list[24] = {[4] = 1, [7] = 8}; /* LONGLBA, and a length of 8 */

	assert_int_equal(failure_of(*state, list, 16, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 16, 0),
			 0x052600);
	list[4] = 0;
	list[7] = 16;
	assert_int_equal(failure_of(*state, list, 24, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 24, 0),
			 0x052600);
}

/* What SeaBIOS asks for: page 4 without block descriptor, 27 bytes. */
TEST(geometry_page_covers_the_medium)
{
	uint8_t d[27];
	uint64_t moved;

	assert_int_equal(run(*state, d, 27, &moved, 0x5A, 8, 4, 0, 0, 0, 0, 0, 27, 0), 0);
	assert_int_equal(moved, 27);
	assert_int_equal(d[7], 0);
	assert_memory_equal(d + 8, "\x04\x16\x00\x00\x10\x10", 6); /* 16 cylinders, 16 heads */
}

TEST(all_pages_come_in_order)
{
	uint8_t d[255];
	static const uint8_t codes[] = {0x01, 0x03, 0x04, 0x08, 0x0A, 0x1C};
	uint64_t n = mode_sense_6(*state, 0x3F, d), at = PAGES;

	for (size_t i = 0; i < sizeof(codes); i++) {
		assert_int_equal(d[at], codes[i]);
		at += 2u + d[at + 1];
	}
	assert_int_equal(at, n);
}

TEST(mode_data_is_cut_to_the_allocation_length)
{
	uint8_t d[8];
	uint64_t moved;

	assert_int_equal(run(*state, d, 4, &moved, 0x1A, 0, 0x3F, 0, 4, 0), 0);
	assert_int_equal(moved, 4);
	assert_true(d[0] > 4);
	assert_int_equal(run(*state, d, 4, &moved, 0x1A, 0, 0x3F, 0, 0, 0), 0);
	assert_int_equal(moved, 0);
}

TEST(unknown_pages_are_refused)
{
	assert_int_equal(failure(*state, 0x1A, 0, 0x02, 0, 255, 0), 0x052400);
	assert_int_equal(failure(*state, 0x1A, 0, 0x08, 1, 255, 0), 0x052400);
	assert_int_equal(failure(*state, 0x1A, 0, 0x08, 0xFF, 255, 0), 0x052400);
	assert_int_equal(failure(*state, 0x1A, 0, 0x3F, 1, 255, 0), 0x052400);
	assert_int_equal(run(*state, (uint8_t[255]){0}, 255, NULL, 0x1A, 0, 0x3F, 0xFF, 255, 0), 0);
}

TEST(saved_pages_do_not_exist)
{
	assert_int_equal(failure(*state, 0x1A, 0, 0xC8, 0, 255, 0), 0x053900);
}

TEST(changeable_values_are_wce_and_swp)
{
	uint8_t d[255];
	uint64_t n = mode_sense_6(*state, 0x7F, d), at = PAGES;

	while (at < n) {
		for (unsigned i = 2; i < 2u + d[at + 1]; i++) {
			uint8_t mask = 0;

			if (d[at] == 0x08 && i == 2)
				mask = 0x04;
			if (d[at] == 0x0A && i == 4)
				mask = 0x08;
			assert_int_equal(d[at + i], mask);
		}
		at += 2u + d[at + 1];
	}
}

TEST(read_only_image_is_write_protected)
{
	struct initiator *in = *state;
	uint8_t d[255];

	in->blk->read_only = true;
	mode_sense_6(in, 0x3F, d);
	assert_int_equal(d[2], 0x90);
}

TEST(image_without_cache_has_wce_0_for_good)
{
	struct initiator *in = *state;
	uint8_t d[255];

	in->blk->write_cache = false;
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_POWER_ON);
	fetch_sense(in);
	mode_sense_6(in, 0x08, d);
	assert_int_equal(d[PAGES + 2], 0);
	assert_int_equal(set_wce(in, true), 0x052600);
}

/* ---- MODE SELECT ------------------------------------------------------ */

TEST(clearing_wce_flushes_and_makes_writes_durable)
{
	struct initiator *in = *state;
	uint8_t d[255], block[512] = {1};

	assert_int_equal(set_wce(in, false), 0);
	assert_int_equal(in->blk->flushes, 1);
	mode_sense_6(in, 0x08, d);
	assert_int_equal(d[PAGES + 2], 0);
	assert_int_equal(run(in, block, 512, NULL, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(in->blk->fua_writes, 1);
	assert_int_equal(set_wce(in, true), 0);
	assert_int_equal(run(in, block, 512, NULL, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(in->blk->fua_writes, 1);
}

TEST(software_write_protection_protects)
{
	struct initiator *in = *state;
	uint8_t d[255], block[512] = {1};

	assert_int_equal(set_swp(in, true), 0);
	mode_sense_6(in, 0x3F, d);
	assert_int_equal(d[2], 0x90);
	assert_int_equal(failure_of(in, block, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x072702);
	assert_int_equal(set_swp(in, false), 0);
	assert_int_equal(run(in, block, 512, NULL, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
}

TEST(default_values_survive_a_change)
{
	uint8_t d[255];

	assert_int_equal(set_wce(*state, false), 0);
	mode_sense_6(*state, 0x88, d);
	assert_int_equal(d[PAGES + 2], 4);
}

TEST(reset_restores_the_defaults)
{
	struct initiator *in = *state;
	uint8_t d[255];

	assert_int_equal(set_wce(in, false), 0);
	assert_int_equal(set_swp(in, true), 0);
	mpr_scsi_target_was_reset(in->bus, 0);
	fetch_sense(in);
	mode_sense_6(in, 0x08, d);
	assert_int_equal(d[2], 0x10);
	assert_int_equal(d[PAGES + 2], 4);
}

TEST(what_was_sensed_can_be_selected)
{
	uint8_t d[255];
	uint64_t n = mode_sense_6(*state, 0x3F, d);

	d[0] = 0;
	assert_int_equal(run(*state, d, n, NULL, 0x15, 0x10, 0, 0, (uint8_t)n, 0), MPR_SCSI_GOOD);
}

TEST(ten_byte_select_has_an_8_byte_header)
{
	struct initiator *in = *state;
	uint8_t list[8 + 20] = {[8] = 0x08, 0x12, 0};

	assert_int_equal(run(in, list, 28, NULL, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0);
	assert_int_equal(in->blk->flushes, 1);
}

TEST(select_wants_page_format_and_no_saving)
{
	assert_int_equal(failure(*state, 0x15, 0x00, 0, 0, 24, 0), 0x052400);
	assert_int_equal(failure(*state, 0x15, 0x11, 0, 0, 24, 0), 0x052400);
}

TEST(empty_list_is_no_error)
{
	assert_int_equal(run(*state, NULL, 0, NULL, 0x15, 0x10, 0, 0, 0, 0), MPR_SCSI_GOOD);
}

TEST(cut_off_lists_are_length_errors)
{
	uint8_t list[32] = {0};
	uint8_t page[20] = {0x08, 0x12, 4};

	assert_int_equal(failure_of(*state, list, 3, 0x15, 0x10, 0, 0, 3, 0), 0x051A00);
	list[3] = 8;
	assert_int_equal(failure_of(*state, list, 11, 0x15, 0x10, 0, 0, 11, 0), 0x051A00);
	for (size_t len = 1; len < sizeof(page); len++)
		assert_int_equal(select_page(*state, page, len), 0x051A00);
}

TEST(bad_values_are_refused)
{
	uint8_t wrong_length[20] = {0x08, 0x11, 4}, unknown[12] = {0x02, 0x0A};
	uint8_t subpage[20] = {0x48, 0x12}, unchangeable[20] = {0x08, 0x12, 5};
	uint8_t descriptor[12] = {0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 4, 0};

	assert_int_equal(select_page(*state, wrong_length, 20), 0x052600);
	assert_int_equal(select_page(*state, unknown, 12), 0x052600);
	assert_int_equal(select_page(*state, subpage, 20), 0x052600);
	assert_int_equal(select_page(*state, unchangeable, 20), 0x052600);
	assert_int_equal(failure_of(*state, descriptor, 12, 0x15, 0x10, 0, 0, 12, 0), 0x052600);
}

TEST(one_bad_page_leaves_all_unchanged)
{
	struct initiator *in = *state;
	uint8_t pages[32] = {0x08, 0x12, 0, [20] = 0x0A, 0x0A, 0xE0}, d[255];

	assert_int_equal(select_page(in, pages, 32), 0x052600);
	mode_sense_6(in, 0x08, d);
	assert_int_equal(d[PAGES + 2], 4);
	assert_int_equal(in->blk->flushes, 0);
}

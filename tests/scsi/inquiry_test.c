/* SPDX-License-Identifier: MIT */
/* INQUIRY describes the disk with exact lengths, and refuses pages that do not exist. */
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

static struct initiator *with(const struct mpr_scsi_disk_options *options)
{
	struct initiator *in = initiator_with(fake_blk_new(8 * MIB), options);

	initiator_clear_ua(in);
	return in;
}

/* Returns the whole length of a VPD page, after checking its header. */
static uint64_t vpd(struct initiator *in, uint8_t page, uint8_t out[256])
{
	uint64_t moved;

	memset(out, 0xEE, 256);
	assert_int_equal(run(in, out, 256, &moved, 0x12, 1, page, 1, 0, 0), MPR_SCSI_GOOD);
	assert_int_equal(out[0], 0);
	assert_int_equal(out[1], page);
	assert_int_equal(moved, 4 + (out[2] << 8 | out[3]));
	return moved;
}

UNIT_TEST_WITH(standard_data_is_96_bytes, initiator_setup, initiator_teardown)
{
	uint8_t d[255];
	uint64_t moved;

	assert_int_equal(run(*state, d, sizeof(d), &moved, 0x12, 0, 0, 0, 255, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 96);
	assert_int_equal(d[0], 0);	/* connected, direct access */
	assert_int_equal(d[1], 0);	/* not removable */
	assert_int_equal(d[2], 5);	/* SPC-3 */
	assert_int_equal(d[3] & 15, 2); /* format 2 */
	assert_int_equal(d[4], 91);
	assert_int_equal(d[7], 0x12); /* SYNC, CMDQUE, not WBUS16 */
	assert_memory_equal(d + 8, "QEMU    QEMU HARDDISK   2.5+", 28);
	assert_memory_equal(d + 58, "\x00\x60\x03\x00\x04\xC0\x00\x00", 8);
}

UNIT_TEST_WITH(data_is_cut_to_the_allocation_length, initiator_setup, initiator_teardown)
{
	static const unsigned lengths[] = {0, 1, 4, 5, 35, 36, 95, 96, 97, 65535};
	uint8_t d[96];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		unsigned n = lengths[i];
		uint64_t moved;

		assert_int_equal(run(*state, d, sizeof(d), &moved, 0x12, 0, 0, n >> 8, n & 255, 0),
				 MPR_SCSI_GOOD);
		assert_int_equal(moved, n < 96 ? n : 96);
	}
}

UNIT_TEST(properties_name_the_disk)
{
	struct mpr_scsi_disk_options o = {.vendor = "ACME", .product = "Anvil", .ver = "9"};
	struct initiator *in = with(&o);
	uint8_t d[96];

	assert_int_equal(run(in, d, 96, NULL, 0x12, 0, 0, 0, 96, 0), MPR_SCSI_GOOD);
	assert_memory_equal(d + 8, "ACME    Anvil           9\0\0\0", 28);
	initiator_free(in);
}

UNIT_TEST_WITH(page_code_without_evpd_is_refused, initiator_setup, initiator_teardown)
{
	assert_int_equal(failure(*state, 0x12, 0, 0x83, 0, 36, 0), 0x052400);
}

UNIT_TEST_WITH(cmddt_is_refused, initiator_setup, initiator_teardown)
{
	assert_int_equal(failure(*state, 0x12, 2, 0, 0, 36, 0), 0x052400);
}

UNIT_TEST_WITH(unknown_page_is_refused, initiator_setup, initiator_teardown)
{
	assert_int_equal(failure(*state, 0x12, 1, 0x8F, 0, 36, 0), 0x052400);
}

UNIT_TEST_WITH(page_list_without_serial_number, initiator_setup, initiator_teardown)
{
	uint8_t d[256];

	assert_int_equal(vpd(*state, 0, d), 9);
	assert_memory_equal(d + 4, "\x00\x83\xB0\xB1\xB2", 5);
	assert_int_equal(failure(*state, 0x12, 1, 0x80, 0, 36, 0), 0x052400);
}

UNIT_TEST(page_list_with_serial_number)
{
	struct mpr_scsi_disk_options o = {.serial = "S/N 42"};
	struct initiator *in = with(&o);
	uint8_t d[256];

	assert_int_equal(vpd(in, 0, d), 10);
	assert_memory_equal(d + 4, "\x00\x80\x83\xB0\xB1\xB2", 6);
	assert_int_equal(vpd(in, 0x80, d), 10);
	assert_memory_equal(d + 4, "S/N 42", 6);
	initiator_free(in);
}

UNIT_TEST_WITH(every_listed_page_can_be_read, initiator_setup, initiator_teardown)
{
	uint8_t list[256], d[256];
	uint64_t n = vpd(*state, 0, list);

	for (uint64_t i = 4; i < n; i++) {
		assert_true(i == 4 || list[i] > list[i - 1]);
		assert_true(vpd(*state, list[i], d) >= 4);
	}
}

UNIT_TEST_WITH(header_alone_tells_the_page_length, initiator_setup, initiator_teardown)
{
	uint8_t d[4];
	uint64_t moved;

	assert_int_equal(run(*state, d, 4, &moved, 0x12, 1, 0xB0, 0, 4, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 4);
	assert_memory_equal(d, "\x00\xB0\x00\x3C", 4);
}

UNIT_TEST_WITH(nameless_disk_is_not_identified, initiator_setup, initiator_teardown)
{
	uint8_t d[256];

	assert_int_equal(vpd(*state, 0x83, d), 4);
}

static void expect_identification(const struct mpr_scsi_disk_options *o, const void *designators,
				  size_t len)
{
	struct initiator *in = with(o);
	uint8_t d[256];

	assert_int_equal(vpd(in, 0x83, d), 4 + len);
	assert_memory_equal(d + 4, designators, len);
	initiator_free(in);
}

#define IDENTIFICATION(options, text) expect_identification(options, text, sizeof(text) - 1)

/* The designators of QEMU 7.2's scsi-hd, from which guests make names. */
UNIT_TEST(designators_are_qemus)
{
	IDENTIFICATION(&(struct mpr_scsi_disk_options){.serial = "S0"}, "\x02\x00\x00\x02S0");
	IDENTIFICATION(&(struct mpr_scsi_disk_options){.serial = "123456789012345678901234"},
		       "\x02\x00\x00\x14"
		       "12345678901234567890");
	IDENTIFICATION((&(struct mpr_scsi_disk_options){.serial = "S0", .device_id = "disk"}),
		       "\x02\x00\x00\x04"
		       "disk");
	IDENTIFICATION(&(struct mpr_scsi_disk_options){.wwn = 0x5000C50012345678},
		       "\x01\x03\x00\x08\x50\x00\xC5\x00\x12\x34\x56\x78");
	IDENTIFICATION((&(struct mpr_scsi_disk_options){.serial = "S0",
							.wwn = 0x5000C50012345678,
							.port_wwn = 0x5000C50012345679,
							.port_index = 0x102}),
		       "\x02\x00\x00\x02S0"
		       "\x01\x03\x00\x08\x50\x00\xC5\x00\x12\x34\x56\x78"
		       "\x61\x93\x00\x08\x50\x00\xC5\x00\x12\x34\x56\x79"
		       "\x61\x94\x00\x04\x00\x00\x01\x02");
}

UNIT_TEST(longest_device_id_fits_its_page)
{
	struct mpr_scsi_disk_options o = {.wwn = 1, .port_wwn = 2, .port_index = 3};
	char id[300];
	uint8_t d[512];
	uint64_t moved;

	memset(id, 'x', sizeof(id));
	id[sizeof(id) - 1] = 0;
	o.device_id = id;

	struct initiator *in = with(&o);

	assert_int_equal(run(in, d, sizeof(d), &moved, 0x12, 1, 0x83, 2, 0, 0), MPR_SCSI_GOOD);
	assert_int_equal(moved, 4 + 4 + 247 + 12 + 12 + 8);
	assert_int_equal(d[2] << 8 | d[3], moved - 4);
	assert_int_equal(d[7], 247);
	initiator_free(in);
}

UNIT_TEST(long_strings_are_cut)
{
	struct mpr_scsi_disk_options o = {.serial = "0123456789012345678901234567890123456789",
					  .vendor = "NINECHARS",
					  .product = "seventeen letters",
					  .ver = "12345"};
	struct initiator *in = with(&o);
	uint8_t d[256];

	assert_int_equal(vpd(in, 0x80, d), 4 + 36);
	assert_memory_equal(d + 4, o.serial, 36);
	assert_int_equal(run(in, d, 96, NULL, 0x12, 0, 0, 0, 96, 0), MPR_SCSI_GOOD);
	assert_memory_equal(d + 8, "NINECHARseventeen letter1234", 28);
	initiator_free(in);
}

UNIT_TEST(block_limits_have_64_bytes)
{
	struct mpr_scsi_disk_options o = {.physical_block_size = 4096};
	struct initiator *in = with(&o);
	uint8_t d[256];

	assert_int_equal(vpd(in, 0xB0, d), 64);
	assert_int_equal(d[5], 255);			  /* COMPARE AND WRITE */
	assert_int_equal(d[6] << 8 | d[7], 8);		  /* granularity */
	assert_memory_equal(d + 8, (uint8_t[56]){0}, 56); /* no other limit, no UNMAP */
	initiator_free(in);
}

UNIT_TEST(characteristics_tell_the_rotation_rate)
{
	struct mpr_scsi_disk_options o = {.rotation_rate = 7200};
	struct initiator *in = with(&o);
	uint8_t d[256];

	assert_int_equal(vpd(in, 0xB1, d), 64);
	assert_int_equal(d[4] << 8 | d[5], 7200);
	initiator_free(in);
}

UNIT_TEST_WITH(provisioning_is_full, initiator_setup, initiator_teardown)
{
	uint8_t d[256];

	assert_int_equal(vpd(*state, 0xB2, d), 8);
	assert_memory_equal(d + 4, "\0\0\0\0", 4);
}

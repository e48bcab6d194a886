/* SPDX-License-Identifier: MIT */
/* Each property of scsi-hd is seen by the initiator where the standards have it, and bounds what is
 * done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/unit.h"
#include "tests/scsi/initiator.h"

static struct initiator *with_cache(const struct mpr_scsi_disk_options *o, bool write_cache)
{
	struct mpr_blk *blk = fake_blk_new(8 * MIB);
	struct initiator *in;

	blk->discard = true;
	blk->write_cache = write_cache;
	in = initiator_with(blk, o);
	initiator_clear_ua(in);
	return in;
}

static struct initiator *with(const struct mpr_scsi_disk_options *o)
{
	return with_cache(o, true);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void get_limits(const struct mpr_scsi_disk_options *o, uint8_t d[64])
{
	struct initiator *in = with(o);

	assert_int_equal(run(in, d, 64, NULL, 0x12, 1, 0xB0, 0, 64, 0), 0);
	initiator_free(in);
}

UNIT_TEST(sizes_are_block_limits)
{
	uint8_t d[64];

	get_limits(&(struct mpr_scsi_disk_options){.logical_block_size = 4096,
						   .min_io_size = 65536,
						   .opt_io_size = 1 * MIB,
						   .max_io_size = 8 * MIB + 4095,
						   .discard_granularity = 16384,
						   .max_unmap_size = 4 * MIB},
		   d);
	assert_int_equal(d[6] << 8 | d[7], 16);
	assert_int_equal(get32(d + 8), 2048);
	assert_int_equal(get32(d + 12), 256);
	assert_int_equal(get32(d + 20), 1024);
	assert_int_equal(get32(d + 24), 255);
	assert_int_equal(get32(d + 28), 4);
}

UNIT_TEST(block_limits_by_default)
{
	uint8_t d[64];

	get_limits(&(struct mpr_scsi_disk_options){.physical_block_size = 2 * MIB}, d);
	assert_int_equal(d[6] << 8 | d[7], 4096);
	assert_int_equal(get32(d + 8), 0);
	assert_int_equal(get32(d + 12), 0);
	assert_int_equal(get32(d + 20), 2 * MIB); /* 1 GiB */
	assert_int_equal(get32(d + 28), 8);
	get_limits(&(struct mpr_scsi_disk_options){.logical_block_size = 8192}, d);
	assert_int_equal(get32(d + 28), 1);
}

UNIT_TEST(longer_transfers_than_the_maximum_are_refused)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.max_io_size = 4096});
	uint8_t d[4096];

	assert_int_equal(run(in, d, 4096, NULL, 0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0), 0);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 0, 0, 0, 0, 9, 0), 0x052400);
	assert_int_equal(failure(in, 0x0A, 0, 0, 0, 9, 0), 0x052400);
	assert_int_equal(failure(in, 0x2F, 2, 0, 0, 0, 0, 0, 0, 9, 0), 0x052400);
	initiator_free(in);
}

UNIT_TEST(more_than_the_maximum_is_not_unmapped)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.max_unmap_size = 4096});
	uint8_t list[24] = {0, 22, 0, 16, [19] = 9};

	assert_int_equal(failure_of(in, list, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), 0x052600);
	list[19] = 8;
	assert_int_equal(run(in, list, 24, NULL, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), 0);
	assert_int_equal(in->blk->discards, 1);
	initiator_free(in);
}

static void expect_no_unmap(const struct mpr_scsi_disk_options *o)
{
	struct initiator *in = with(o);
	uint8_t d[64];

	assert_int_equal(failure(in, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x052000);
	assert_int_equal(run(in, d, 8, NULL, 0x12, 1, 0xB2, 0, 8, 0), 0);
	assert_memory_equal(d + 4, "\0\0\0\0", 4);
	assert_int_equal(run(in, d, 64, NULL, 0x12, 1, 0xB0, 0, 64, 0), 0);
	assert_int_equal(get32(d + 20) | get32(d + 24) | get32(d + 28), 0);
	assert_int_equal(
		run(in, d, 32, NULL, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 0);
	assert_int_equal(d[14], 0);
	initiator_free(in);
}

UNIT_TEST(unmap_can_be_taken_away)
{
	expect_no_unmap(&(struct mpr_scsi_disk_options){.no_unmap = true});
	expect_no_unmap(&(struct mpr_scsi_disk_options){.max_unmap_size = 511});
}

UNIT_TEST(version_is_told)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.scsi_version = 2});
	uint8_t d[36];

	assert_int_equal(run(in, d, 36, NULL, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(d[1], 0);
	assert_int_equal(d[2], 2);
	/* Then bits 7 to 5 of byte 1 are SCSI-2's logical unit number. */
	assert_int_equal(run(in, (uint8_t[512]){0}, 512, NULL, 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0),
			 0);
	initiator_free(in);
}

UNIT_TEST(geometry_is_told)
{
	struct initiator *in =
		with(&(struct mpr_scsi_disk_options){.cyls = 1000, .heads = 255, .secs = 32});
	uint8_t d[64];

	assert_int_equal(run(in, d, 64, NULL, 0x1A, 8, 0x04, 0, 64, 0), 0);
	assert_memory_equal(d + 6, "\x00\x03\xE8\xFF", 4);
	assert_int_equal(run(in, d, 64, NULL, 0x1A, 8, 0x03, 0, 64, 0), 0);
	assert_memory_equal(d + 14, "\x00\x20", 2);
	initiator_free(in);
}

/* ---- DPOFUA ------------------------------------------------------------- */

UNIT_TEST(disk_without_dpofua_refuses_both)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.no_dpofua = true});
	uint8_t d[512];

	assert_int_equal(run(in, d, 4, NULL, 0x1A, 0, 0x3F, 0, 4, 0), 0);
	assert_int_equal(d[2], 0);
	for (uint8_t flag = 0x08; flag <= 0x10; flag *= 2) {
		assert_int_equal(failure(in, 0x28, flag, 0, 0, 0, 0, 0, 0, 1, 0), 0x052400);
		assert_int_equal(failure(in, 0x2A, flag, 0, 0, 0, 0, 0, 0, 1, 0), 0x052400);
		assert_int_equal(failure(in, 0x2F, flag, 0, 0, 0, 0, 0, 0, 1, 0), 0x052400);
	}
	assert_int_equal(run(in, d, 20, NULL, 0xA3, 0x0C, 1, 0x2A, 0, 0, 0, 0, 0, 20, 0, 0), 0);
	assert_int_equal(d[5] & 0x18, 0);
	/* DBD of MODE SENSE and an address of READ(6) are other things. */
	assert_int_equal(run(in, d, 64, NULL, 0x1A, 8, 0x08, 0, 64, 0), 0);
	assert_int_equal(failure(in, 0x08, 0x18, 0, 0, 1, 0), 0x052100);
	initiator_free(in);
}

/* ---- The write cache ---------------------------------------------------- */

static bool wce(struct initiator *in)
{
	uint8_t d[32];

	assert_int_equal(run(in, d, 32, NULL, 0x1A, 8, 0x08, 0, 32, 0), 0);
	return d[6] & 4;
}

UNIT_TEST(write_cache_is_as_said)
{
	static const struct {
		enum mpr_scsi_write_cache said;
		bool image, expected;
	} cases[] = {
		{MPR_SCSI_CACHE_AUTO, true, true}, {MPR_SCSI_CACHE_AUTO, false, false},
		{MPR_SCSI_CACHE_ON, true, true},   {MPR_SCSI_CACHE_ON, false, true},
		{MPR_SCSI_CACHE_OFF, true, false}, {MPR_SCSI_CACHE_OFF, false, false},
	};
	uint8_t block[512] = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mpr_scsi_disk_options o = {.write_cache = cases[i].said};
		struct initiator *in = with_cache(&o, cases[i].image);

		assert_int_equal(wce(in), cases[i].expected);
		assert_int_equal(run(in, block, 512, NULL, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
		assert_int_equal(in->blk->fua_writes, !cases[i].expected);
		mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
		fetch_sense(in);
		assert_int_equal(wce(in), cases[i].expected);
		initiator_free(in);
	}
}

/* ---- The tray ----------------------------------------------------------- */

#define START_STOP(what) 0x1B, 0, 0, 0, what, 0
#define EJECT START_STOP(2)
#define LOAD START_STOP(3)
#define PREVENT(what) 0x1E, 0, 0, 0, what, 0

UNIT_TEST(removable_disk_is_ejected_and_loaded)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.removable = true});
	uint8_t d[36];

	assert_int_equal(run(in, d, 36, NULL, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(d[1], 0x80); /* RMB */
	assert_int_equal(run(in, NULL, 0, NULL, EJECT), 0);
	assert_int_equal(in->blk->flushes, 1);
	assert_int_equal(failure(in, 0, 0, 0, 0, 0, 0), 0x023A02);
	assert_int_equal(failure(in, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x023A02);
	assert_int_equal(failure(in, START_STOP(1)), 0x023A02);
	assert_int_equal(run(in, NULL, 0, NULL, LOAD), 0);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), 0);
	initiator_free(in);
}

UNIT_TEST(locked_tray_stays_closed)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.removable = true});

	assert_int_equal(run(in, NULL, 0, NULL, PREVENT(1)), 0);
	assert_int_equal(failure(in, EJECT), 0x055302);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(run(in, NULL, 0, NULL, PREVENT(0)), 0);
	assert_int_equal(run(in, NULL, 0, NULL, EJECT), 0);
	mpr_scsi_bus_was_reset(in->bus, MPR_SCSI_RESET_BUS);
	fetch_sense(in);
	assert_int_equal(run(in, NULL, 0, NULL, 0, 0, 0, 0, 0, 0), 0);
	initiator_free(in);
}

/* ---- What is refused ---------------------------------------------------- */

static void expect_refusal(const struct mpr_scsi_disk_options *o, const char *named)
{
	struct initiator *in = with(&(struct mpr_scsi_disk_options){.lun = 1});
	char *error = NULL;

	assert_int_equal(mpr_scsi_disk_create(in->bus, in->blk, o, &error), -EINVAL);
	assert_non_null(error);
	assert_non_null(strstr(error, named));
	free(error);
	initiator_free(in);
}

UNIT_TEST(bad_sizes_are_named)
{
#define REFUSED(named, ...) expect_refusal(&(struct mpr_scsi_disk_options){__VA_ARGS__}, named)
	REFUSED("physical_block_size=1000", .physical_block_size = 1000);
	REFUSED("physical_block_size=4194304", .physical_block_size = 4 * MIB);
	REFUSED("min_io_size=1000", .min_io_size = 1000);
	REFUSED("min_io_size=33554432", .min_io_size = 33554432);
	REFUSED("min_io_size=512", .min_io_size = 512, .logical_block_size = 4096);
	REFUSED("opt_io_size=1000", .opt_io_size = 1000);
	REFUSED("discard_granularity=1000", .discard_granularity = 1000);
	REFUSED("heads=0", .cyls = 10);
	REFUSED("cyls=70000", .cyls = 70000, .heads = 16, .secs = 63);
	REFUSED("heads=256", .cyls = 1, .heads = 256, .secs = 1);
	REFUSED("secs=256", .cyls = 1, .heads = 1, .secs = 256);
	REFUSED("scsi_version=256", .scsi_version = 256);
}

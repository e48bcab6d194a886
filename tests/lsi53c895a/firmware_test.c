/* SPDX-License-Identifier: MIT */
/* Commands as boot firmware issues them run: no ATN, polling, scripts in memory. */
#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

#include <string.h>

enum { IDENTIFY = DATA, CDB = DATA + 0x10, STATUS_BYTE = DATA + 0x20, MESSAGE = DATA + 0x30 };
enum { BUFFER = DATA + 0x1000 };

/* The script that both firmwares build for a command. */
static void command(struct machine *m, unsigned id, const uint8_t *cdb, enum lsi_phase phase,
		    uint32_t length)
{
	m->pc = PROGRAM;
	*at(m, IDENTIFY) = 0x80;
	memset(at(m, CDB), 0, 16);
	memcpy(at(m, CDB), cdb, 10);
	op_select(m, id, 0);
	emit(m, 0x06000001, IDENTIFY);
	emit(m, 0x02000010, CDB);
	emit(m, 0x87820000, 24); /* JUMP REL +24, if the phase is not MESSAGE IN */
	emit(m, 0x07000002, MESSAGE);
	op_wait_reselect(m, 0);
	emit(m, 0x07000002, MESSAGE);
	emit(m, length ? (uint32_t)phase << 24 | length : 0, length ? BUFFER : 0);
	emit(m, 0x03000001, STATUS_BYTE);
	emit(m, 0x07000002, MESSAGE);
	op_int(m, 0);
	*at(m, STATUS_BYTE) = *at(m, MESSAGE) = 0xee;
}

static void expect_success(struct machine *m)
{
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	assert_int_equal(rd16(m, LSI_SIST0), 0);
	assert_int_equal(*at(m, STATUS_BYTE), 0);
	assert_int_equal(*at(m, MESSAGE), 0);
}

/* Four byte writes, as port I/O. */
static void start_by_bytes(struct machine *m)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		m->dev->ops->write(m->dev, 0, LSI_DSP + i, 1, PROGRAM >> 8 * i & 0xff);
	go(m);
}

CHIP_TEST(inquiry)
{
	static const uint8_t cdb[10] = {0x12, 0, 0, 0, 36};
	struct machine *m = *state;

	wr8(m, LSI_ISTAT0, 0x40);
	command(m, 0, cdb, LSI_DATA_IN, 36);
	start_by_bytes(m);
	expect_success(m);
	assert_memory_equal(at(m, BUFFER), targets_of(m->dev->bus)->medium, 36);
	assert_false(m->irq);
}

CHIP_TEST(no_data_skips_the_zero_word)
{
	static const uint8_t cdb[10] = {0};
	struct machine *m = *state;

	command(m, 1, cdb, LSI_DATA_OUT, 0);
	start_by_bytes(m);
	expect_success(m);
}

CHIP_TEST(read_blocks)
{
	static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 5, 0, 0, 8};
	struct machine *m = *state;

	command(m, 2, cdb, LSI_DATA_IN, 8 * BLOCK);
	start_by_bytes(m);
	expect_success(m);
	assert_memory_equal(at(m, BUFFER), targets_of(m->dev->bus)->medium + 5 * BLOCK, 8 * BLOCK);
	assert_int_equal(rd32(m, LSI_CSBC), 8 * BLOCK);
}

CHIP_TEST(write_blocks)
{
	static const uint8_t cdb[10] = {0x2a, 0, 0, 0, 0, 7, 0, 0, 2};
	struct machine *m = *state;

	memset(at(m, BUFFER), 0x5a, 2 * BLOCK);
	command(m, 2, cdb, LSI_DATA_OUT, 2 * BLOCK);
	start_by_bytes(m);
	expect_success(m);
	assert_memory_equal(at(m, BUFFER), targets_of(m->dev->bus)->medium + 7 * BLOCK, 2 * BLOCK);
	assert_int_equal(m->chip->stats.bounced_bytes, 0);
}

/* Without the privilege to disconnect the target holds the bus. */
CHIP_TEST(slow_target_stays_connected)
{
	static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 5, 0, 0, 1};
	struct machine *m = *state;

	targets_of(m->dev->bus)->later = true;
	command(m, 0, cdb, LSI_DATA_IN, BLOCK);
	start_by_bytes(m);
	assert_int_equal(rd8(m, LSI_ISTAT1), LSI_ISTAT1_SRUN);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x80);
	targets_poll(m->dev->bus);
	go(m);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x80);
	targets_poll(m->dev->bus);
	go(m);
	expect_success(m);
}

CHIP_TEST(absent_target_times_out)
{
	static const uint8_t cdb[10] = {0};
	struct machine *m = *state;

	command(m, 6, cdb, LSI_DATA_OUT, 0);
	start_by_bytes(m);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x80);
	assert_int_equal(rd8(m, LSI_SIST0), 0);
	assert_int_equal(rd8(m, LSI_SIST1), LSI_SIST1_STO);
}

/* Less data than the script wants is an error; the next command works. */
CHIP_TEST(short_data_fails_and_is_forgotten)
{
	static const uint8_t inquiry_cdb[10] = {0x12, 0, 0, 0, 96};
	static const uint8_t ready_cdb[10] = {0};
	struct machine *m = *state;

	command(m, 0, inquiry_cdb, LSI_DATA_IN, 96);
	start_by_bytes(m);
	assert_int_equal(rd8(m, LSI_SIST0), LSI_SIST0_MA);
	assert_int_equal(rd8(m, LSI_ISTAT1), 0);
	assert_int_equal(rd32(m, LSI_DBC) & 0xffffff, 60);

	command(m, 1, ready_cdb, LSI_DATA_OUT, 0);
	start_by_bytes(m);
	expect_success(m);
}

CHIP_TEST(many_commands_in_sequence)
{
	static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 1, 0, 0, 1};
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < 50; i++) {
		command(m, i % 3, cdb, LSI_DATA_IN, BLOCK);
		start_by_bytes(m);
		expect_success(m);
	}
	assert_int_equal(targets_of(m->dev->bus)->live, 0);
}

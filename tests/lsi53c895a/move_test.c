/* SPDX-License-Identifier: MIT */
/* Block moves find their operands in every addressing mode, and leave the right
 * counters behind when the target changes the phase. */
#include <string.h>

#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

enum { IDENTIFY = DATA - 0x100, CDB = DATA - 0xf0, TABLE = DATA - 0x1000 };

/* A command up to its data phase. */
static void begin(struct machine *m, const uint8_t *cdb, unsigned len)
{
	m->pc = PROGRAM;
	*at(m, IDENTIFY) = 0x80;
	memcpy(at(m, CDB), cdb, len);
	op_select(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 1, IDENTIFY);
	op_move(m, LSI_COMMAND, len, CDB);
}

static void begin_rw(struct machine *m, bool write, uint8_t blocks)
{
	const uint8_t cdb[10] = {write ? 0x2a : 0x28, 0, 0, 0, 0, 0, 0, 0, blocks};

	begin(m, cdb, sizeof(cdb));
}

static void begin_inquiry(struct machine *m, uint8_t length)
{
	begin(m, (const uint8_t[]){0x12, 0, 0, 0, length, 0}, 6);
}

static const uint8_t *medium(struct machine *m)
{
	return targets_of(m->dev->bus)->medium;
}

CHIP_TEST(indirect)
{
	struct machine *m = *state;

	put32(m, TABLE, DATA + 0x40);
	begin_inquiry(m, 36);
	emit(m, 0x29000024, TABLE);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(at(m, DATA + 0x40), medium(m), 36);
}

CHIP_TEST(direct_with_a_third_dword)
{
	struct machine *m = *state;

	wr8(m, LSI_CCNTL1, LSI_CCNTL1_EN64DBMV);
	begin(m, (const uint8_t[]){0x12, 0, 0, 0, 36, 0}, 6);
	m->pc = PROGRAM + 8;
	op_move(m, LSI_MESSAGE_OUT, 1, IDENTIFY);
	put32(m, m->pc, 0);
	m->pc += 4;
	op_move(m, LSI_COMMAND, 6, CDB);
	put32(m, m->pc, 0);
	m->pc += 4;
	op_move(m, LSI_DATA_IN, 36, 0x2000);
	put32(m, m->pc, 1);
	m->pc += 4;
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(m->high + 0x2000, medium(m), 36);
	assert_int_equal(rd32(m, LSI_DNAD64), 1);
}

CHIP_TEST(static_upper_half)
{
	struct machine *m = *state;

	begin_inquiry(m, 36);
	op_reg(m, LSI_SBMS, 0, 1);
	op_move(m, LSI_DATA_IN, 36, 0x2000);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(m->high + 0x2000, medium(m), 36);
}

CHIP_TEST(dual_address_cycles_can_be_disabled)
{
	struct machine *m = *state;

	wr8(m, LSI_CCNTL1, LSI_CCNTL1_DDAC);
	begin_inquiry(m, 36);
	op_reg(m, LSI_SBMS, 0, 1);
	op_move(m, LSI_DATA_IN, 36, DATA);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(at(m, DATA), medium(m), 36);
}

/* Entry bits 28:24 name the register with the upper half. */
CHIP_TEST(selectors)
{
	static const uint8_t reg[] = {LSI_SCRATCHC, LSI_SCRATCHC + 60, LSI_MMRS,
				      LSI_MMWS,	    LSI_SBMS,	       LSI_DBMS};
	static const uint8_t selector[] = {0x00, 0x0f, 0x10, 0x11, 0x14, 0x15};
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < sizeof(reg); i++) {
		wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
		memset(m->high, 0, HIGH_SIZE);
		wr32(m, LSI_DSA, TABLE);
		wr8(m, LSI_CCNTL1, LSI_CCNTL1_EN64TIBMV);
		put32(m, TABLE, (uint32_t)selector[i] << 24 | 36);
		put32(m, TABLE + 4, 0x1000);
		begin_inquiry(m, 36);
		op_reg(m, reg[i], 0, 1);
		op_move_table(m, LSI_DATA_IN, 0);
		op_int(m, 0);
		start(m, PROGRAM);
		expect_int(m, 0);
		assert_memory_equal(m->high + 0x1000, medium(m), 36);
	}
}

CHIP_TEST(unknown_selector_is_illegal)
{
	struct machine *m = *state;

	wr32(m, LSI_DSA, TABLE);
	wr8(m, LSI_CCNTL1, LSI_CCNTL1_EN64TIBMV);
	put32(m, TABLE, 0x16000024);
	begin_inquiry(m, 36);
	op_move_table(m, LSI_DATA_IN, 0);
	start(m, PROGRAM);
	expect_stop(m, LSI_DSTAT_IID, 0, 0);
}

/* 31:24 of an entry are ignored unless 64-bit tables are enabled. */
CHIP_TEST(table_offsets_are_signed)
{
	struct machine *m = *state;

	wr32(m, LSI_DSA, TABLE + 0x100);
	put32(m, TABLE, 0xab000000 | 36);
	put32(m, TABLE + 4, DATA);
	begin_inquiry(m, 36);
	op_move_table(m, LSI_DATA_IN, 0xff000000 | ((uint32_t)-0x100 & 0xffffff));
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(at(m, DATA), medium(m), 36);
	assert_int_equal(rd32(m, LSI_ESA), TABLE);
}

CHIP_TEST(mismatch_interrupts)
{
	struct machine *m = *state;

	wr32(m, LSI_DSA, TABLE);
	put32(m, TABLE, 0x12000000 | 200);
	put32(m, TABLE + 4, DATA);
	begin_inquiry(m, 200);
	op_move_table(m, LSI_DATA_IN, 0);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_stop(m, 0, LSI_SIST0_MA, 0);
	assert_int_equal(rd32(m, LSI_DSP), PROGRAM + 32);
	assert_int_equal(rd32(m, LSI_DBC), 0x11000000 | (200 - 36));
	assert_int_equal(rd32(m, LSI_DNAD), DATA + 36);
	assert_int_equal(rd32(m, LSI_RBC), 0x12000000 | (200 - 36));
	assert_int_equal(rd32(m, LSI_UA), DATA + 36);
	assert_int_equal(rd32(m, LSI_IA), PROGRAM + 24);
	assert_int_equal(rd32(m, LSI_ESA), TABLE);
	assert_int_equal(rd32(m, LSI_SBC) & 0xffffff, 36);
	assert_int_equal(rd32(m, LSI_CSBC), 36);
	/* No byte is in the FIFO. */
	assert_int_equal((rd8(m, LSI_DFIFO) - rd8(m, LSI_DBC)) & 0x7f, 0);
	go(m);
	assert_int_equal(rd8(m, LSI_ISTAT1), 0);
}

CHIP_TEST(mismatch_before_the_first_byte)
{
	struct machine *m = *state;

	begin_rw(m, true, 1);
	op_move(m, LSI_DATA_IN, 512, DATA);
	start(m, PROGRAM);
	expect_stop(m, 0, LSI_SIST0_MA, 0);
	assert_int_equal(rd32(m, LSI_RBC) & 0xffffff, 512);
	assert_int_equal(rd32(m, LSI_UA), DATA);
	assert_int_equal(rd8(m, LSI_SSTAT1) & 7, LSI_DATA_OUT);
}

/* Runs a move that mismatches; where do SCRIPTS go? */
static uint32_t jump_of(struct machine *m, uint8_t ccntl0, enum lsi_phase phase)
{
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	wr8(m, LSI_CCNTL0, ccntl0);
	wr32(m, LSI_PMJAD1, PROGRAM + 0x100);
	wr32(m, LSI_PMJAD2, PROGRAM + 0x200);
	m->pc = PROGRAM + 0x100;
	op_int(m, 1);
	m->pc = PROGRAM + 0x200;
	op_int(m, 2);
	begin_rw(m, phase == LSI_DATA_IN || phase == LSI_STATUS, 1);
	op_move(m, phase, 16, DATA);
	op_int(m, 0);
	start(m, PROGRAM);
	if (rd8(m, LSI_SIST0) == LSI_SIST0_MA)
		return LSI_SIST0_MA;
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	return rd32(m, LSI_DSPS);
}

CHIP_TEST(mismatch_jumps)
{
	const uint8_t on = LSI_CCNTL0_ENPMJ, all = LSI_CCNTL0_ENNDJ;
	const uint8_t by_direction = LSI_CCNTL0_PMJCTL;
	struct machine *m = *state;

	assert_int_equal(jump_of(m, 0, LSI_DATA_IN), LSI_SIST0_MA);
	assert_int_equal(jump_of(m, on, LSI_DATA_IN), 1);
	assert_int_equal(jump_of(m, on, LSI_DATA_OUT), 1);
	assert_int_equal(jump_of(m, on, LSI_STATUS), LSI_SIST0_MA);
	assert_int_equal(jump_of(m, on | all, LSI_STATUS), 1);
	assert_int_equal(jump_of(m, on | by_direction, LSI_DATA_IN), 2);
	assert_int_equal(jump_of(m, on | by_direction, LSI_DATA_OUT), 1);
	assert_int_equal(jump_of(m, on | all | by_direction, LSI_STATUS), 2);
}

/* The saved RBC and UA make a table entry that continues the transfer. */
CHIP_TEST(transfer_goes_on_from_the_residue)
{
	struct machine *m = *state;
	unsigned i;

	targets_of(m->dev->bus)->end_at = 700;
	wr8(m, LSI_CCNTL0, LSI_CCNTL0_ENPMJ);
	wr32(m, LSI_PMJAD1, PROGRAM + 0x100);
	wr32(m, LSI_DSA, TABLE);
	begin_rw(m, false, 2);
	op_move(m, LSI_DATA_IN, 512, DATA);
	op_move(m, LSI_DATA_IN, 512, DATA + 512);
	m->pc = PROGRAM + 0x100;
	op_store(m, LSI_RBC, 4, TABLE);
	op_store(m, LSI_UA, 4, TABLE + 4);
	op_move(m, LSI_STATUS, 1, TABLE + 8);
	op_move(m, LSI_MESSAGE_IN, 1, TABLE + 9);
	op_int(m, 7);
	start(m, PROGRAM);
	expect_int(m, 7);
	assert_int_equal(get32(m, TABLE), 0x09000000 | 324);
	assert_int_equal(get32(m, TABLE + 4), DATA + 700);
	for (i = 0; i < 700; i++)
		assert_int_equal(*at(m, DATA + i), medium(m)[i]);
}

CHIP_TEST(first_byte_and_last_byte)
{
	struct machine *m = *state;

	begin_inquiry(m, 36);
	op_move(m, LSI_DATA_IN, 10, DATA);
	op_move(m, LSI_DATA_IN, 26, DATA + 10);
	op_from_sfbr(m, LSI_SCRATCHA, 2, 0);
	op_move(m, LSI_STATUS, 1, TABLE);
	op_int(m, 0);
	targets_of(m->dev->bus)->status = MPR_SCSI_CHECK_CONDITION;
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_int_equal(rd8(m, LSI_SCRATCHA), medium(m)[10]);
	assert_int_equal(rd8(m, LSI_SIDL), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(rd8(m, LSI_SFBR), MPR_SCSI_CHECK_CONDITION);
}

CHIP_TEST(chained_moves_set_chm)
{
	struct machine *m = *state;

	begin_inquiry(m, 36);
	emit(m, 0x01000012, DATA);
	op_int(m, 1);
	op_move(m, LSI_DATA_IN, 18, DATA + 18);
	op_int(m, 2);
	start(m, PROGRAM);
	expect_int(m, 1);
	assert_true(rd8(m, LSI_SCNTL2) & LSI_SCNTL2_CHM);
	start(m, PROGRAM + 40);
	expect_int(m, 2);
	assert_false(rd8(m, LSI_SCNTL2) & LSI_SCNTL2_CHM);
}

/* The command bytes may come in several moves. */
CHIP_TEST(command_in_pieces)
{
	struct machine *m = *state;

	memcpy(at(m, CDB), "\x28\0\0\0\0\3\0\0\1\0", 10);
	*at(m, IDENTIFY) = 0x80;
	op_select(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 1, IDENTIFY);
	op_move(m, LSI_COMMAND, 4, CDB);
	op_move(m, LSI_COMMAND, 6, CDB + 4);
	op_move(m, LSI_DATA_IN, 512, DATA);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(at(m, DATA), medium(m) + 3 * BLOCK, BLOCK);
}

/* More pieces than an I/O request has: the rest is collected in one. */
CHIP_TEST(write_of_very_many_pieces)
{
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < 8 * BLOCK; i++)
		*at(m, DATA + i) = i * 13;
	m->map_limit = 3;
	begin_rw(m, true, 8);
	op_move(m, LSI_DATA_OUT, 8 * BLOCK, DATA);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_memory_equal(medium(m), at(m, DATA), 8 * BLOCK);
	assert_int_equal(targets_of(m->dev->bus)->last_nsg, 1024);
	assert_int_equal(m->chip->stats.bounced_bytes, 8 * BLOCK - 3 * 1023);
	assert_int_equal(m->mapped, 0);
}

CHIP_TEST(write_from_scripts_ram)
{
	struct machine *m = *state;

	memset(at(m, RAM_BASE + 0x800), 0x3c, 100);
	memset(at(m, DATA), 0x77, 412);
	begin_rw(m, true, 1);
	op_move(m, LSI_DATA_OUT, 100, RAM_BASE + 0x800);
	op_memory_move(m, 100, DATA, RAM_BASE + 0x800);
	op_move(m, LSI_DATA_OUT, 412, DATA);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_int_equal(medium(m)[99], 0x3c);
	assert_int_equal(medium(m)[100], 0x77);
	assert_int_equal(m->chip->stats.bounced_bytes, 100);
}

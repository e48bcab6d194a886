/* SPDX-License-Identifier: MIT */
/* Every class of instruction that needs no bus does what the manual says, and
 * illegal ones are refused. */
#include <string.h>

#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

enum { MOVE, SHL, OR, XOR, AND, SHR, ADD, ADC };

/* Runs what was assembled, which ends with INT 0. */
static void run(struct machine *m)
{
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	m->pc = PROGRAM;
}

CHIP_TEST(alu)
{
	static const struct {
		uint8_t op, value, operand;
		bool carry_in;
		uint8_t result;
		bool carry_out;
	} cases[] = {
		{MOVE, 0x12, 0x34, true, 0x34, true},  {SHL, 0x81, 0, false, 0x02, true},
		{SHL, 0x40, 0, true, 0x81, false},     {OR, 0x12, 0x21, true, 0x33, true},
		{XOR, 0xff, 0x0f, false, 0xf0, false}, {AND, 0x3c, 0x0f, true, 0x0c, true},
		{SHR, 0x01, 0, true, 0x80, true},      {SHR, 0x80, 0, false, 0x40, false},
		{ADD, 0xff, 0x02, true, 0x01, true},   {ADD, 0x01, 0x02, true, 0x03, false},
		{ADC, 0xfe, 0x01, true, 0x00, true},   {ADC, 0x10, 0x01, false, 0x11, false},
	};
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		emit(m, cases[i].carry_in ? 0x58000400 : 0x60000400, 0);
		op_reg(m, LSI_SCRATCHA, MOVE, cases[i].value);
		op_reg(m, LSI_SCRATCHA, cases[i].op, cases[i].operand);
		run(m);
		assert_int_equal(rd8(m, LSI_SCRATCHA), cases[i].result);
		assert_int_equal(m->chip->regs.carry, cases[i].carry_out);
	}
}

CHIP_TEST(moves_with_sfbr)
{
	struct machine *m = *state;

	op_to_sfbr(m, LSI_SBR, MOVE, 0x5a);    /* SFBR = 5a */
	op_from_sfbr(m, LSI_SCRATCHA, ADD, 1); /* SCRATCHA = SFBR + 1 */
	op_to_sfbr(m, LSI_SCRATCHA, OR, 0x80); /* SFBR = SCRATCHA | 80 */
	op_from_sfbr(m, LSI_SCRATCHB, OR, 0);  /* SCRATCHB = SFBR */
	op_reg(m, LSI_SCRATCHA + 1, MOVE, 0x0f);
	emit(m, 0x7c800000 | (LSI_SCRATCHA + 1) << 16, 0); /* &= SFBR */
	op_reg(m, 0xc0, MOVE, 0x77);			   /* a register beyond 7f */
	run(m);
	assert_int_equal(rd8(m, LSI_SCRATCHA), 0x5b);
	assert_int_equal(rd8(m, LSI_SCRATCHB), 0xdb);
	assert_int_equal(rd8(m, LSI_SCRATCHA + 1), 0x0b);
	assert_int_equal(rd8(m, LSI_PMJAD1), 0x77);
}

CHIP_TEST(scripts_take_sigp)
{
	struct machine *m = *state;

	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SIGP);
	op_to_sfbr(m, LSI_CTEST2, OR, 0);
	op_from_sfbr(m, LSI_SBR, OR, 0);
	run(m);
	assert_int_equal(rd8(m, LSI_SBR), 0x51);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0);
}

CHIP_TEST(call_and_return)
{
	struct machine *m = *state;

	op_call(m, PROGRAM + 0x100);
	op_reg(m, LSI_SCRATCHA + 1, MOVE, 2);
	op_int(m, 7);
	m->pc = PROGRAM + 0x100;
	op_reg(m, LSI_SCRATCHA, MOVE, 1);
	op_return(m);
	start(m, PROGRAM);
	expect_int(m, 7);
	assert_int_equal(rd16(m, LSI_SCRATCHA), 0x0201);
	assert_int_equal(rd32(m, LSI_TEMP), PROGRAM + 8);
	assert_int_equal(rd32(m, LSI_DSP), PROGRAM + 24);
}

CHIP_TEST(relative_jump_goes_backwards)
{
	struct machine *m = *state;

	op_jump(m, PROGRAM + 16);
	op_int(m, 3);
	emit(m, 0x80880000, (uint32_t)-16 & 0xffffff);
	start(m, PROGRAM);
	expect_int(m, 3);
}

/* INT with a condition; falls through to INT 0. */
static bool taken(struct machine *m, uint32_t conditions, uint8_t sfbr, bool carry)
{
	m->pc = PROGRAM;
	op_to_sfbr(m, LSI_SBR, MOVE, sfbr);
	emit(m, carry ? 0x58000400 : 0x60000400, 0);
	emit(m, 0x98000000 | conditions, 1);
	op_int(m, 0);
	start(m, PROGRAM);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	return rd32(m, LSI_DSPS) == 1;
}

CHIP_TEST(conditions)
{
	struct machine *m = *state;

	assert_true(taken(m, 0x080000, 0, false));
	assert_false(taken(m, 0, 0, false));
	assert_true(taken(m, 0x280000, 0, true));
	assert_false(taken(m, 0x280000, 0, false));
	assert_true(taken(m, 0x200000, 0, false));
	assert_true(taken(m, 0x0c0042, 0x42, false));
	assert_false(taken(m, 0x040042, 0x42, false));
	assert_true(taken(m, 0x0c0f40, 0x42, false)); /* mask: low bits ignored */
	assert_false(taken(m, 0x0c0f40, 0x52, false));
	/* Phase DATA OUT is latched: both must be true, or both false. */
	assert_true(taken(m, 0x0e0042, 0x42, false));
	assert_false(taken(m, 0x0e0042, 0x41, false));
	assert_false(taken(m, 0x060042, 0x41, false));
	assert_true(taken(m, 0x060042 | 3 << 24, 0x41, false));
}

CHIP_TEST(load_and_store)
{
	struct machine *m = *state;

	wr32(m, LSI_DSA, DATA + 0x1000);
	put32(m, DATA, 0x44332211);
	op_load(m, LSI_SCRATCHA + 1, 3, DATA + 1);
	op_store(m, LSI_SCRATCHA + 2, 1, DATA + 6);
	emit(m, 0xf0000004 | LSI_SCRATCHA << 16, (uint32_t)-16 & 0xffffff); /* STORE at DSA - 16 */
	run(m);
	assert_int_equal(rd32(m, LSI_SCRATCHA), 0x44332200);
	assert_int_equal(get32(m, DATA + 4), 0x00330000);
	assert_int_equal(get32(m, DATA + 0xff0), 0x44332200);
}

CHIP_TEST(load_from_scripts_ram)
{
	struct machine *m = *state;

	put32(m, RAM_BASE + 0x1ffc, 0x600dcafe);
	op_load(m, LSI_SCRATCHA, 4, RAM_BASE + 0x1ffc);
	run(m);
	assert_int_equal(rd32(m, LSI_SCRATCHA), 0x600dcafe);
}

CHIP_TEST(memory_move)
{
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < 100000; i++)
		*at(m, DATA + i) = i * 7;
	wr32(m, LSI_TEMP, 0xabcd);
	op_memory_move(m, 100000, DATA, DATA + 0x80000);
	op_memory_move(m, 1000, DATA, RAM_BASE + 0x100);
	op_memory_move(m, 0, DATA, 0xdead0000);
	run(m);
	assert_memory_equal(at(m, DATA), at(m, DATA + 0x80000), 100000);
	assert_memory_equal(at(m, DATA), m->dev->bar_ram[LSI_BAR_RAM] + 0x100, 1000);
	assert_int_equal(rd32(m, LSI_TEMP), 0xabcd);
}

CHIP_TEST(scripts_run_beyond_4_gib)
{
	struct machine *m = *state;

	wr32(m, LSI_SFS, 1);
	m->pc = PROGRAM;
	op_int(m, 0x64);
	memcpy(m->high + 0x40, at(m, PROGRAM), 8);
	start(m, 0x40);
	expect_int(m, 0x64);
}

CHIP_TEST(illegal)
{
	static const uint32_t words[][2] = {
		{0x08000000, DATA},		/* block move of nothing */
		{0x38000001, DATA},		/* indirect and table indirect */
		{0x49000000, 0},		/* WAIT DISCONNECT with ATN */
		{0x59000008, 0},		/* SET with ATN */
		{0x802c0000, 0},		/* carry and data */
		{0x80480000, 0},		/* bit 22 */
		{0xa0080000, 0},		/* reserved operation */
		{0xe1340000, DATA},		/* load of 0 bytes */
		{0xe1340005, DATA},		/* of 5 */
		{0xe1340007, DATA},		/* of 7 */
		{0xe1340002, DATA + 1},		/* misaligned */
		{0xe1360004, DATA + 2},		/* crossing a dword */
		{0xed340004, DATA},		/* reserved bits */
		{0xe1340004, REGS_BASE + 0x34}, /* own registers */
		{0xe0340004, REGS_BASE + 0x14},
		{0xc2000004, DATA},	/* memory move with reserved bits */
		{0xc0000004, DATA + 1}, /* whose addresses differ in the low bits */
	};
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		m->pc = PROGRAM;
		emit(m, words[i][0], words[i][1]);
		put32(m, m->pc, DATA);
		start(m, PROGRAM);
		expect_stop(m, LSI_DSTAT_IID, 0, 0);
		if (words[i][0] >> 29 != 6)
			assert_int_equal(rd32(m, LSI_DSP), PROGRAM + 8);
	}
}

CHIP_TEST(zero_words_are_skipped)
{
	struct machine *m = *state;

	put32(m, PROGRAM, 0);
	m->pc = PROGRAM + 4;
	op_int(m, 9);
	start(m, PROGRAM);
	expect_int(m, 9);
}

CHIP_TEST(without_bus_master_nothing_is_fetched)
{
	struct machine *m = *state;

	op_int(m, 1);
	set_command(m, MPR_PCI_COMMAND_MEMORY);
	start(m, PROGRAM);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
}

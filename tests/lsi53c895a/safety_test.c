/* SPDX-License-Identifier: MIT */
/* Hostile scripts and register accesses cost bounded time and end in a defined
 * condition; among them are the known attacks on models of this chip. */
#include <string.h>

#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

/* Runs two slices of a script that never ends, and resets the chip. */
static void expect_endless(struct machine *m, uint32_t addr)
{
	uint64_t before = m->chip->stats.instructions;

	wr32(m, LSI_DSP, addr);
	go_slices(m, 2);
	assert_int_equal(m->slices, 2);
	assert_true(m->chip->stats.instructions - before <= 2 * LSI_SLICE);
	assert_true(rd8(m, LSI_ISTAT1) & LSI_ISTAT1_SRUN);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	go(m);
	expect_stop(m, 0, 0, 0);
}

CHIP_TEST(jump_to_itself)
{
	struct machine *m = *state;

	op_jump(m, PROGRAM);
	expect_endless(m, PROGRAM);
}

CHIP_TEST(zero_filled_memory)
{
	struct machine *m = *state;

	op_jump(m, 0);
	memcpy(at(m, MEMORY_SIZE - 0x1000), at(m, PROGRAM), 8);
	*at(m, PROGRAM + 3) = 0;
	memset(at(m, PROGRAM), 0, 8);
	expect_endless(m, 0);
}

CHIP_TEST(interrupt_on_the_fly_in_a_loop)
{
	struct machine *m = *state;

	op_int_fly(m);
	op_jump(m, PROGRAM);
	expect_endless(m, PROGRAM);
	assert_int_equal(m->irq_edges, 1);
}

CHIP_TEST(selecting_in_a_loop)
{
	struct machine *m = *state;

	op_select(m, 9, PROGRAM);
	op_jump(m, PROGRAM);
	start(m, PROGRAM);
	expect_stop(m, 0, 0, LSI_SIST1_STO);
}

CHIP_TEST(spinning_on_guest_memory)
{
	struct machine *m = *state;

	op_load(m, LSI_SCRATCHA, 4, DATA);
	op_to_sfbr(m, LSI_SCRATCHA, 2, 0);
	op_jump_byte(m, false, 1, PROGRAM);
	op_int(m, 2);
	wr32(m, LSI_DSP, PROGRAM);
	go_slices(m, 3);
	put32(m, DATA, 1);
	go(m);
	expect_int(m, 2);
}

CHIP_TEST(long_memory_move_is_sliced_and_aborted)
{
	struct machine *m = *state;

	op_memory_move(m, 0x3fff00, 0, 0);
	put32(m, PROGRAM + 8, 0);
	wr32(m, LSI_DSP, PROGRAM);
	go_slices(m, 1);
	assert_true(m->scheduled);
	assert_true(rd32(m, LSI_DBC) << 8 > 0);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_ABRT);
	go(m);
	wr8(m, LSI_ISTAT0, 0);
	expect_stop(m, LSI_DSTAT_ABRT, 0, 0);
}

/* DMA into the chip's own registers must not come back to it. */
CHIP_TEST(memory_move_to_own_registers)
{
	struct machine *m = *state;

	put32(m, DATA, LSI_ISTAT0_SRST);
	op_memory_move(m, 4, DATA, REGS_BASE + LSI_ISTAT0);
	start(m, PROGRAM);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
}

CHIP_TEST(fetch_from_own_registers)
{
	struct machine *m = *state;

	start(m, REGS_BASE + LSI_SCRATCHB);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
	start(m, 0xffff0000);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
}

CHIP_TEST(table_entry_beyond_the_ram)
{
	struct machine *m = *state;

	wr32(m, LSI_DSA, RAM_BASE + LSI_RAM_SIZE - 4);
	op_move_table(m, LSI_DATA_IN, 0);
	start(m, PROGRAM);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
}

static void command_to_own_registers(struct machine *m, uint32_t address, enum lsi_phase phase)
{
	m->pc = PROGRAM;
	memcpy(at(m, DATA), "\x80\x28\0\0\0\0\0\0\0\1", 11);
	*at(m, DATA + 10) = 0;
	memcpy(at(m, DATA + 1), "\x28\0\0\0\0\0\0\0\1\0", 10);
	if (phase == LSI_DATA_OUT)
		*at(m, DATA + 1) = 0x2a;
	op_select(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 1, DATA);
	op_move(m, LSI_COMMAND, 10, DATA + 1);
	op_move(m, phase, BLOCK, address);
	op_int(m, 0);
	start(m, PROGRAM);
}

CHIP_TEST(block_moves_to_own_registers)
{
	struct machine *m = *state;

	command_to_own_registers(m, REGS_BASE, LSI_DATA_IN);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
	command_to_own_registers(m, REGS_BASE + 0x3f0, LSI_DATA_OUT);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
	command_to_own_registers(m, RAM_BASE + LSI_RAM_SIZE - 256, LSI_DATA_IN);
	expect_stop(m, LSI_DSTAT_BF, 0, 0);
	command_to_own_registers(m, RAM_BASE + LSI_RAM_SIZE - 512, LSI_DATA_OUT);
	expect_int(m, 0);
}

CHIP_TEST(moves_on_a_free_bus)
{
	struct machine *m = *state;
	unsigned phase;

	for (phase = 0; phase < 8; phase++) {
		m->pc = PROGRAM;
		op_move(m, phase, 4, DATA);
		start(m, PROGRAM);
		expect_stop(m, 0, LSI_SIST0_UDC, 0);
	}
}

CHIP_TEST(reset_with_commands_in_flight)
{
	struct machine *m = *state;
	struct targets *t = targets_of(m->dev->bus);

	t->later = t->late_cancel = true;
	command_to_own_registers(m, DATA, LSI_DATA_IN);
	expect_blocked(m);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	go(m);
	assert_int_equal(t->live, 1);
	targets_poll(m->dev->bus);
	go(m);
	assert_int_equal(t->live, 0);
	assert_int_equal(t->cancelled, 1);
}

CHIP_TEST(second_command_phase_on_a_nexus)
{
	struct machine *m = *state;

	targets_of(m->dev->bus)->later = true;
	command_to_own_registers(m, DATA, LSI_COMMAND);
	expect_blocked(m);
	targets_drain(m->dev->bus);
	go(m);
	expect_stop(m, 0, LSI_SIST0_MA, 0);
}

CHIP_TEST(command_move_of_16_mib)
{
	struct machine *m = *state;

	memcpy(at(m, DATA), "\x80", 1);
	memset(at(m, DATA + 1), 0, 16);
	op_select(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 1, DATA);
	op_move(m, LSI_COMMAND, 0xffffff, DATA + 1);
	op_move(m, LSI_STATUS, 0xffffff, DATA + 0x100);
	op_move(m, LSI_MESSAGE_IN, 0xffffff, DATA + 0x104);
	op_int(m, 0);
	start(m, PROGRAM);
	expect_int(m, 0);
	assert_int_equal(targets_of(m->dev->bus)->last_cdb_len, 16);
}

/* A write that begins in DSP and ends in DSPS starts the engine once, with the
 * rest of it not yet written. */
CHIP_TEST(misaligned_write_across_dsp)
{
	struct machine *m = *state;

	op_int(m, 4);
	wr8(m, LSI_DSP, PROGRAM & 0xff);
	wr32(m, LSI_DSP + 1, PROGRAM >> 8 | 0x77000000);
	assert_int_equal(rd8(m, LSI_DSPS), 0x77);
	go(m);
	expect_int(m, 4);
}

CHIP_TEST(scripts_cannot_start_a_second_engine)
{
	struct machine *m = *state;

	op_reg(m, LSI_DSP + 3, 0, 0);
	op_reg(m, LSI_DCNTL, 0, LSI_DCNTL_STD);
	op_int(m, 6);
	start(m, PROGRAM);
	expect_int(m, 6);
}

CHIP_TEST(scripts_may_reset_the_chip)
{
	struct machine *m = *state;

	op_reg(m, LSI_ISTAT0, 0, LSI_ISTAT0_SRST);
	op_int(m, 6);
	start(m, PROGRAM);
	expect_stop(m, 0, 0, 0);
}

CHIP_TEST(new_start_ends_a_wait)
{
	struct machine *m = *state;

	op_wait_reselect(m, 0);
	op_int(m, 8);
	start(m, PROGRAM);
	expect_blocked(m);
	start(m, PROGRAM + 8);
	expect_int(m, 8);
}

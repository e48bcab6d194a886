/* SPDX-License-Identifier: MIT */
/* The timers count the clock that STEST1 and SCNTL3 select, as drivers expect that
 * measure it, and follow its changes. */
#include <string.h>

#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define PCI LSI_STEST1_SCLK
#define QUADRUPLED (LSI_STEST1_QEN | LSI_STEST1_QSEL)

static bool general_expired(struct machine *m)
{
	return rd8(m, LSI_SIST1) & LSI_SIST1_GEN;
}

/* The frequency in kHz as the sym53c8xx drivers of the 1.x series find it. */
static unsigned measured_khz(struct machine *m, uint8_t clock)
{
	unsigned gen = 11, ms = 0;

	wr8(m, LSI_STEST1, clock);
	wr8(m, LSI_SCNTL3, 4);
	wr8(m, LSI_STIME1, 0);
	wr8(m, LSI_STIME1, gen);
	while (!general_expired(m) && ms++ < 100000)
		pass(m, MS);
	wr8(m, LSI_STIME1, 0);
	wr8(m, LSI_SCNTL3, 0);
	return (1 << gen) * 4340 / ms;
}

static void near(unsigned khz, unsigned expected)
{
	assert_in_range(khz, expected - expected / 100, expected + expected / 100);
}

CHIP_TEST(drivers_measure_the_clock_that_is_selected)
{
	struct machine *m = *state;

	near(measured_khz(m, 0), 40000);
	near(measured_khz(m, PCI), 33333);
	near(measured_khz(m, QUADRUPLED), 160000);
	near(measured_khz(m, LSI_STEST1_QEN), 40000);
}

/* Starts code 8 of the general purpose timer; how long it takes. */
static uint64_t general_time(struct machine *m, uint8_t divisor, uint8_t flags)
{
	uint64_t from;

	wr8(m, LSI_SCNTL3, divisor);
	wr8(m, LSI_STIME1, flags | 8);
	from = m->clock;
	while (!general_expired(m))
		pass(m, US);
	return m->clock - from;
}

CHIP_TEST(time_goes_with_the_divisor)
{
	static const uint8_t halves[8] = {6, 2, 3, 4, 6, 8, 12, 16};
	struct machine *m = *state;
	uint64_t unit = general_time(m, 1, 0) / 2;

	for (unsigned ccf = 0; ccf < 8; ccf++)
		assert_in_range(general_time(m, 0xf8 | ccf, 0), halves[ccf] * unit - 20 * US,
				halves[ccf] * unit + 20 * US);
	assert_in_range(general_time(m, 1, LSI_STIME1_GENSF), 32 * unit - 40 * US,
			32 * unit + 40 * US);
}

/* The manual's table, for a core clock of 20 MHz. */
CHIP_TEST(time_is_no_shorter_than_the_manual_says)
{
	struct machine *m = *state;

	assert_in_range(general_time(m, 3, 0), 16 * MS, 20 * MS);
	wr8(m, LSI_STEST1, QUADRUPLED);
	assert_in_range(general_time(m, 7, 0), 16 * MS, 20 * MS);
}

CHIP_TEST(zero_stops_the_timer)
{
	struct machine *m = *state;

	wr8(m, LSI_STIME1, LSI_STIME1_GENSF | 1);
	wr8(m, LSI_STIME1, 0);
	pass(m, 1000 * MS);
	assert_false(general_expired(m));
}

CHIP_TEST(timer_that_runs_follows_the_clock)
{
	struct machine *m = *state;
	uint64_t whole = general_time(m, 1, 0);

	/* Half of it four times as slow. */
	wr8(m, LSI_STIME1, 8);
	pass(m, whole / 2);
	wr8(m, LSI_SCNTL3, 5);
	pass(m, 2 * whole - 10 * US);
	assert_false(general_expired(m));
	pass(m, 20 * US);
	assert_true(general_expired(m));

	/* With the clock halted, it waits. */
	wr8(m, LSI_SCNTL3, 1);
	wr8(m, LSI_STIME1, 8);
	wr8(m, LSI_STEST3, LSI_STEST3_HSC);
	pass(m, 1000 * whole);
	assert_false(general_expired(m));
	wr8(m, LSI_STEST3, 0);
	pass(m, whole + 10 * US);
	assert_true(general_expired(m));
}

CHIP_TEST(scripts_change_the_clock_too)
{
	struct machine *m = *state;
	uint64_t whole = general_time(m, 1, 0);

	op_reg(m, LSI_SCNTL3, 0, 5);
	op_int(m, 1);
	wr8(m, LSI_STIME1, 8);
	start(m, PROGRAM);
	expect_int(m, 1);
	pass(m, 4 * whole - 10 * US);
	assert_false(general_expired(m));
	pass(m, 20 * US);
	assert_true(general_expired(m));
}

/* How long a selection takes that the script does not wait for. */
static uint64_t selection_time(struct machine *m)
{
	uint64_t from = m->clock;

	m->pc = PROGRAM;
	op_select(m, 9, 0);
	op_jump(m, PROGRAM + 8);
	wr32(m, LSI_DSP, PROGRAM);
	while (!(rd8(m, LSI_SIST1) & LSI_SIST1_STO)) {
		go_slices(m, 1);
		m->clock += MS;
		for (struct mpr_timer *t = m->timers; t; t = t->next) {
			if (t->deadline <= m->clock) {
				m->host.ops->timer_cancel(&m->host, t);
				t->fn(t->opaque);
				break;
			}
		}
	}
	return m->clock - from;
}

CHIP_TEST(selection_takes_the_time_of_stime0)
{
	struct machine *m = *state;

	wr8(m, LSI_SCNTL3, 3);
	assert_in_range(selection_time(m), 250 * MS, 300 * MS);
	wr8(m, LSI_STIME0, 9);
	assert_in_range(selection_time(m), 32 * MS, 40 * MS);
	wr8(m, LSI_SCNTL3, 5);
	assert_in_range(selection_time(m), 64 * MS, 80 * MS);
}

/* A target that stays on the bus until its data are there. */
static void slow_command(struct machine *m)
{
	targets_of(m->dev->bus)->later = true;
	memcpy(at(m, DATA), "\x80\x28\0\0\0\0\0\0\0\1\0", 11);
	m->pc = PROGRAM;
	op_select(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 1, DATA);
	op_move(m, LSI_COMMAND, 10, DATA + 1);
	op_move(m, LSI_DATA_IN, BLOCK, DATA + BLOCK);
	op_move(m, LSI_STATUS, 1, DATA + 16);
	op_move(m, LSI_MESSAGE_IN, 1, DATA + 17);
	op_wait_disconnect(m);
	op_int(m, 7);
	start(m, PROGRAM);
	expect_blocked(m);
}

CHIP_TEST(handshakes_that_do_not_come_expire)
{
	struct machine *m = *state;

	wr8(m, LSI_SCNTL3, 3);
	wr8(m, LSI_STIME0, 9 << 4);
	slow_command(m);
	pass(m, 32 * MS);
	assert_int_equal(rd8(m, LSI_SIST1), 0);
	pass(m, 8 * MS);
	assert_int_equal(rd8(m, LSI_SIST1), LSI_SIST1_HTH);
	targets_finish(m);
	expect_int(m, 7);
	pass(m, 1000 * MS);
	assert_int_equal(rd8(m, LSI_SIST1), 0);
}

CHIP_TEST(handshakes_in_time_do_not_expire)
{
	struct machine *m = *state;

	wr8(m, LSI_SCNTL3, 3);
	wr8(m, LSI_STIME0, 9 << 4);
	slow_command(m);
	pass(m, 30 * MS);
	targets_finish(m);
	expect_int(m, 7);
	slow_command(m);
	pass(m, 30 * MS);
	wr8(m, LSI_STIME0, 0);
	pass(m, 1000 * MS);
	assert_int_equal(rd8(m, LSI_SIST1), 0);
}

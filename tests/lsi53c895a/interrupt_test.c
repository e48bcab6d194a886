/* SPDX-License-Identifier: MIT */
/* Conditions reach the host once, in order, and drive INTA# as the masks say. */
#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

enum { PENDING = LSI_ISTAT0_SIP | LSI_ISTAT0_DIP };

CHIP_TEST(masked_condition_is_seen_but_silent)
{
	struct machine *m = *state;

	op_int(m, 1);
	start(m, PROGRAM);
	assert_int_equal(rd8(m, LSI_ISTAT0) & PENDING, LSI_ISTAT0_DIP);
	assert_false(m->irq);
	wr8(m, LSI_DIEN, LSI_DSTAT_SIR);
	assert_true(m->irq);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	assert_false(m->irq);
}

CHIP_TEST(on_the_fly_goes_on)
{
	struct machine *m = *state;

	op_int_fly(m);
	op_reg(m, LSI_SBR, 0, 0x42);
	op_wait_reselect(m, 0);
	start(m, PROGRAM);
	assert_true(m->irq);
	assert_int_equal(rd8(m, LSI_ISTAT0), LSI_ISTAT0_INTF);
	assert_int_equal(rd8(m, LSI_SBR), 0x42);
	wr8(m, LSI_ISTAT0, 0);
	assert_true(m->irq);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_INTF);
	assert_false(m->irq);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0);
}

CHIP_TEST(on_the_fly_after_its_acknowledgement_is_another)
{
	struct machine *m = *state;

	op_int_fly(m);
	op_wait_reselect(m, 0);
	start(m, PROGRAM);
	assert_int_equal(m->irq_edges, 1);
	/* The write is on its way when the next one comes. */
	m->irq_acknowledged = true;
	start(m, PROGRAM);
	m->irq_acknowledged = false;
	assert_int_equal(m->irq_edges, 1);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_INTF);
	assert_false(m->irq);
	go(m);
	assert_true(m->irq);
	assert_int_equal(m->irq_edges, 2);
	assert_int_equal(rd8(m, LSI_ISTAT0) & LSI_ISTAT0_INTF, LSI_ISTAT0_INTF);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_INTF);
	go(m);
	assert_false(m->irq);
	assert_int_equal(m->irq_edges, 2);
}

CHIP_TEST(on_the_fly_before_its_acknowledgement_is_coalesced)
{
	struct machine *m = *state;

	op_int_fly(m);
	op_wait_reselect(m, 0);
	start(m, PROGRAM);
	start(m, PROGRAM);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_INTF);
	go(m);
	assert_false(m->irq);
	assert_int_equal(m->irq_edges, 1);
	assert_int_equal(rd8(m, LSI_ISTAT0) & LSI_ISTAT0_INTF, 0);
}

CHIP_TEST(line_falls_for_a_condition_behind_an_on_the_fly)
{
	struct machine *m = *state;

	wr8(m, LSI_DIEN, LSI_DSTAT_SIR);
	op_int_fly(m);
	op_int(m, 1);
	start(m, PROGRAM);
	assert_int_equal(m->irq_edges, 1);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_INTF);
	assert_false(m->irq);
	go(m);
	assert_true(m->irq);
	assert_int_equal(m->irq_edges, 2);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	assert_false(m->irq);
}

CHIP_TEST(later_condition_is_stacked)
{
	struct machine *m = *state;

	wr8(m, LSI_DIEN, LSI_DSTAT_SIR);
	wr8(m, LSI_SIEN0, LSI_SIST0_RST);
	op_int(m, 1);
	start(m, PROGRAM);
	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	assert_int_equal(rd8(m, LSI_ISTAT0) & PENDING, LSI_ISTAT0_DIP);
	assert_int_equal(rd8(m, LSI_SIST0), 0);
	assert_int_equal(m->irq_edges, 1);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	assert_int_equal(rd8(m, LSI_ISTAT0) & PENDING, LSI_ISTAT0_SIP);
	assert_true(m->irq);
	assert_int_equal(m->irq_edges, 2);
	assert_int_equal(rd16(m, LSI_SIST0), LSI_SIST0_RST);
	assert_false(m->irq);
	assert_int_equal(rd8(m, LSI_ISTAT0) & PENDING, 0);
}

CHIP_TEST(masked_non_fatal_does_not_stop)
{
	struct machine *m = *state;

	op_wait_reselect(m, 0);
	start(m, PROGRAM);
	wr8(m, LSI_STIME1, 1);
	pass(m, 1000000);
	expect_blocked(m);
	wr8(m, LSI_SIEN1, LSI_SIST1_GEN);
	assert_int_equal(rd8(m, LSI_ISTAT0) & PENDING, LSI_ISTAT0_SIP);
	assert_true(m->irq);
	assert_int_equal(rd8(m, LSI_SIST1), LSI_SIST1_GEN);
}

CHIP_TEST(enabled_non_fatal_stops)
{
	struct machine *m = *state;

	wr8(m, LSI_SIEN1, LSI_SIST1_GEN);
	op_wait_reselect(m, 0);
	start(m, PROGRAM);
	wr8(m, LSI_STIME1, 1);
	pass(m, 1000000);
	expect_stop(m, 0, 0, LSI_SIST1_GEN);
}

CHIP_TEST(irqd_only_masks_the_pin)
{
	struct machine *m = *state;

	wr8(m, LSI_DIEN, LSI_DSTAT_SIR);
	wr8(m, LSI_DCNTL, LSI_DCNTL_IRQD);
	op_int(m, 1);
	start(m, PROGRAM);
	assert_false(m->irq);
	wr8(m, LSI_DCNTL, 0);
	assert_true(m->irq);
}

CHIP_TEST(sync_irqd_lets_an_asserted_line_stand)
{
	struct machine *m = *state;

	wr8(m, LSI_DIEN, LSI_DSTAT_SIR);
	op_int(m, 1);
	start(m, PROGRAM);
	wr8(m, LSI_ISTAT1, LSI_ISTAT1_SI);
	assert_true(m->irq);
	rd8(m, LSI_DSTAT);
	assert_false(m->irq);
	start(m, PROGRAM);
	assert_false(m->irq);
	wr8(m, LSI_ISTAT1, 0);
	assert_true(m->irq);
}

CHIP_TEST(abort_fires_until_cleared)
{
	struct machine *m = *state;

	op_wait_reselect(m, 0);
	start(m, PROGRAM);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_ABRT);
	assert_int_equal(rd8(m, LSI_ISTAT1), 0);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x90);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x90);
	wr8(m, LSI_ISTAT0, 0);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x90);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x80);
}

CHIP_TEST(single_step)
{
	struct machine *m = *state;

	op_reg(m, LSI_SBR, 0, 1);
	op_reg(m, LSI_SBR, 0, 2);
	wr8(m, LSI_DCNTL, LSI_DCNTL_SSM);
	start(m, PROGRAM);
	expect_stop(m, LSI_DSTAT_SSI, 0, 0);
	assert_int_equal(rd8(m, LSI_SBR), 1);
	wr8(m, LSI_DCNTL, LSI_DCNTL_SSM | LSI_DCNTL_STD);
	go(m);
	expect_stop(m, LSI_DSTAT_SSI, 0, 0);
	assert_int_equal(rd8(m, LSI_SBR), 2);
}

CHIP_TEST(soft_reset_drops_everything)
{
	struct machine *m = *state;

	wr8(m, LSI_DIEN, LSI_DSTAT_SIR);
	op_int_fly(m);
	op_int(m, 1);
	start(m, PROGRAM);
	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	assert_true(m->irq);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	assert_false(m->irq);
	expect_stop(m, 0, 0, 0);
}

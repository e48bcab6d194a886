/* SPDX-License-Identifier: MIT */
/* Messages are parsed within the bytes that were sent; negotiation is answered,
 * and aborted commands end before the bus is free. */
#include <string.h>

#include "tests/lsi53c895a/driver.h"
#include "tests/lsi53c895a/targets.h"

enum { OUT = DATA - 0x200, IN = DATA - 0x100 };

/* Selects target 0 with ATN and sends the message. What follows is assembled by
 * the test. */
static void send(struct machine *m, const void *bytes, size_t len)
{
	m->pc = PROGRAM;
	memcpy(at(m, OUT), bytes, len);
	memset(at(m, IN), 0xee, 0x80);
	op_select_atn(m, 0, 0);
	op_reg(m, LSI_SCNTL2, 4, 0x7f);
	op_move(m, LSI_MESSAGE_OUT, len, OUT);
}

/* Receives `n` bytes one by one, as drivers do. */
static void receive(struct machine *m, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		op_move(m, LSI_MESSAGE_IN, 1, IN + i);
		op_clear_ack(m);
	}
}

static void expect_answer(struct machine *m, const void *bytes, size_t len)
{
	receive(m, len);
	op_jump_phase(m, false, WAIT, LSI_COMMAND, 0);
	op_int(m, 1);
	start(m, PROGRAM);
	expect_int(m, 1);
	assert_memory_equal(at(m, IN), bytes, len);
}

/* The message ends the nexus. */
static void expect_bus_free(struct machine *m)
{
	op_wait_disconnect(m);
	op_int(m, 2);
	start(m, PROGRAM);
	expect_int(m, 2);
	assert_int_equal(rd8(m, LSI_SCNTL1) & LSI_SCNTL1_CON, 0);
}

CHIP_TEST(synchronous_transfer)
{
	struct machine *m = *state;

	send(m, "\xc0\x20\x01\x01\x03\x01\x0a\x1f", 8);
	expect_answer(m, "\x01\x03\x01\x0a\x1f", 5);
}

CHIP_TEST(faster_than_the_chip_is_lowered)
{
	struct machine *m = *state;

	send(m, "\xc0\x01\x03\x01\x09\x3f", 6);
	expect_answer(m, "\x01\x03\x01\x0a\x1f", 5);
}

CHIP_TEST(targets_are_narrow)
{
	struct machine *m = *state;

	send(m, "\xc0\x01\x02\x03\x01", 5);
	expect_answer(m, "\x01\x02\x03\x00", 4);
}

CHIP_TEST(parallel_protocol)
{
	struct machine *m = *state;

	send(m, "\xc0\x01\x06\x04\x09\x00\x1f\x01\x02", 9);
	expect_answer(m, "\x01\x06\x04\x0a\x00\x1f\x00\x00", 8);
}

CHIP_TEST(unknown_messages_are_rejected)
{
	struct machine *m = *state;

	send(m, "\xc0\x11", 2);
	expect_answer(m, "\x07", 1);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	send(m, "\xc0\x01\x02\x77\x00", 5);
	expect_answer(m, "\x07", 1);
}

CHIP_TEST(truncated_messages_are_rejected)
{
	static const char *const cut[] = {"\xc0\x01", "\xc0\x01\x03", "\xc0\x01\x03\x01\x0a",
					  "\xc0\x20", "\xc0\x01\x05\x01\x0a"};
	struct machine *m = *state;
	unsigned i;

	for (i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
		send(m, cut[i], strlen(cut[i]));
		expect_answer(m, "\x07", 1);
	}
}

/* A length byte of 0 means 256. */
CHIP_TEST(extended_message_of_256_bytes)
{
	struct machine *m = *state;

	send(m, "\xc0\x01\x00\x01", 4);
	expect_answer(m, "\x07", 1);
}

CHIP_TEST(atn_in_the_middle_of_a_nexus)
{
	struct machine *m = *state;

	send(m, "\xc0\x01\x02\x03\x01", 5);
	memcpy(at(m, OUT + 16), "\x01\x03\x01\x19\x08", 5);
	receive(m, 3);
	op_move(m, LSI_MESSAGE_IN, 1, IN + 3);
	op_set_atn(m);
	op_clear_ack(m);
	op_jump_phase(m, false, WAIT, LSI_MESSAGE_OUT, 0);
	op_move(m, LSI_MESSAGE_OUT, 5, OUT + 16);
	expect_answer(m, "\x01\x03\x01\x19\x08", 5);
}

static struct targets *with_commands(struct machine *m)
{
	struct targets *t = targets_of(m->dev->bus);
	unsigned i;

	t->later = true;
	driver_start(m);
	for (i = 0; i < 6; i++)
		driver_rw(m, i & 1, i / 3, i, 10, 2, DATA + i * 0x1000);
	assert_int_equal(t->live, 6);
	wr16(m, LSI_SIEN0, 0);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_ABRT);
	wr8(m, LSI_ISTAT0, 0);
	rd8(m, LSI_DSTAT);
	return t;
}

CHIP_TEST(abort_task)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	send(m, "\xc0\x20\x01\x0d", 4);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 1);
	assert_int_equal(t->live, 5);
}

CHIP_TEST(abort_task_set)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	send(m, "\xc0\x06", 2);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 3);
}

CHIP_TEST(clear_task_set)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	send(m, "\xc0\x0e", 2);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 3);
}

CHIP_TEST(target_reset)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	send(m, "\x0c", 1);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 3);
	assert_int_equal(t->target_resets, 1);
}

/* Without IDENTIFY there is nothing to abort. */
CHIP_TEST(abort_alone)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	send(m, "\x06", 1);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 0);
}

CHIP_TEST(many_aborts_in_one_phase)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	send(m, "\xc0\x20\x01\x0d\x0d\x06\x0e\x0c\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d\x0d", 17);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 3);
}

/* The bus is not free before the command's I/O has ended. */
CHIP_TEST(bus_free_waits_for_cancelled_commands)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	t->late_cancel = true;
	send(m, "\xc0\x20\x01\x0d", 4);
	op_wait_disconnect(m);
	op_int(m, 2);
	start(m, PROGRAM);
	expect_blocked(m);
	targets_poll(m->dev->bus);
	go(m);
	expect_int(m, 2);
	assert_int_equal(t->cancelled, 1);
}

/* Bus free after an abort interrupts (UDC) unless the script expects it. */
CHIP_TEST(unexpected_disconnect)
{
	struct machine *m = *state;

	m->pc = PROGRAM;
	memcpy(at(m, OUT), "\xc0\x06", 2);
	op_select_atn(m, 0, 0);
	op_move(m, LSI_MESSAGE_OUT, 2, OUT);
	op_wait_disconnect(m);
	start(m, PROGRAM);
	expect_stop(m, 0, LSI_SIST0_UDC, 0);
}

/* ABORT TASK SET to a target that has reselected. */
CHIP_TEST(abort_at_reselection)
{
	struct machine *m = *state;
	struct targets *t = with_commands(m);

	targets_poll(m->dev->bus);
	m->pc = PROGRAM;
	*at(m, OUT) = MSG_ABORT_TASK_SET;
	op_wait_reselect(m, 0);
	op_move(m, LSI_MESSAGE_IN, 1, IN);
	op_reg(m, LSI_SCNTL2, 4, 0x7f);
	op_set_atn(m);
	op_clear_ack(m);
	op_move(m, LSI_MESSAGE_OUT, 1, OUT);
	expect_bus_free(m);
	assert_int_equal(t->cancelled, 3);
}

CHIP_TEST(messages_that_change_nothing)
{
	struct machine *m = *state;

	send(m, "\xc0\x08\x05\x07\x09\x04", 6);
	op_jump_phase(m, false, WAIT, LSI_COMMAND, 0);
	op_int(m, 1);
	start(m, PROGRAM);
	expect_int(m, 1);
}

/* Answers that nobody reads pile up, until the target gives up. */
CHIP_TEST(answers_are_bounded)
{
	struct machine *m = *state;
	uint8_t flood[64];
	unsigned i;

	memset(flood, 0x11, sizeof(flood));
	send(m, flood, sizeof(flood));
	for (i = 0; i < 3; i++) {
		op_set_atn(m);
		op_move(m, LSI_MESSAGE_OUT, sizeof(flood), OUT);
	}
	start(m, PROGRAM);
	expect_stop(m, 0, LSI_SIST0_UDC, 0);
}

/* Linux asks for the data transfer agreement with every INQUIRY. */
CHIP_TEST(negotiation_and_command)
{
	static const uint8_t cdb[] = {0x12, 0, 0, 0, 36, 0};
	struct machine *m = *state;

	driver_start(m);
	driver_submit(m, &(struct job){.tag = 1,
				       .cdb = cdb,
				       .cdb_len = sizeof(cdb),
				       .buffer = DATA,
				       .length = 36,
				       .message = (const uint8_t *)"\x01\x03\x01\x0a\x1f",
				       .message_len = 5});
	/* The driver knows no extended message: it stops, having read its code. */
	expect_int(m, BAD_MESSAGE);
	m->pc = PROGRAM;
	op_clear_ack(m);
	receive(m, 4);
	op_jump(m, RAM_BASE + 10 * 8);
	start(m, PROGRAM);
	assert_memory_equal(at(m, IN), "\x03\x01\x0a\x1f", 4);
	assert_true(job_done(m, 1));
}

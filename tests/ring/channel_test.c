/* SPDX-License-Identifier: MIT */
/* Proves what a channel promises its two sides: requests in order, answers in
 * place and kept until taken, events, the interrupt line, statistics. */
#include "tests/ring/fixture.h"

#define SLOTS 16u

static struct mpr_msg write_of(uint64_t value)
{
	return (struct mpr_msg){
		.type = MPR_MSG_WRITE, .bar = 1, .size = 4, .offset = 8 * value, .value = value};
}

static const struct mpr_msg read_request = {
	.type = MPR_MSG_READ, .bar = 1, .size = 4, .offset = 0x14};

static void expect_request(struct mpr_channel *remote, const struct mpr_msg *expected)
{
	struct mpr_msg msg;

	assert_true(mpr_channel_receive(remote, &msg));
	assert_memory_equal(&msg, expected, sizeof(msg));
}

UNIT_TEST(test_posted_writes_arrive_in_order)
{
	struct ends ends = ends_open(SLOTS);

	for (uint64_t i = 0; i < 10 * SLOTS; i++) {
		struct mpr_msg msg = write_of(i);

		assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
		expect_request(ends.remote, &msg);
		mpr_channel_retire(ends.remote);
		assert_false(mpr_channel_receive(ends.remote, &msg));
	}
	ends_close(&ends);
}

UNIT_TEST(test_only_what_a_request_has_is_sent)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg expected = write_of(7), msg = expected;

	msg.status = EIO;
	msg.intx = 1;
	memset(msg.text, 'x', sizeof(msg.text));
	assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	expect_request(ends.remote, &expected);
	/* And in a message that held something else before. */
	mpr_channel_retire(ends.remote);
	mpr_request(&msg, MPR_MSG_WRITE, 1, 8 * 7, 4, 7);
	assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	expect_request(ends.remote, &expected);
	ends_close(&ends);
}

UNIT_TEST(test_request_stays_current_until_finished)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg first = write_of(1), second = write_of(2);

	assert_true(mpr_channel_send(ends.proxy, &first, NULL));
	assert_true(mpr_channel_send(ends.proxy, &second, NULL));
	expect_request(ends.remote, &first);
	expect_request(ends.remote, &first);
	mpr_channel_retire(ends.remote);
	expect_request(ends.remote, &second);
	ends_close(&ends);
}

UNIT_TEST(test_read_is_answered_in_its_own_slot)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg;
	uint64_t ticket;

	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	assert_false(mpr_channel_reply(ends.proxy, ticket, &msg));
	expect_request(ends.remote, &read_request);
	assert_false(mpr_channel_reply(ends.proxy, ticket, &msg));
	mpr_channel_complete(ends.remote, 0x1122334455667788, EIO);
	/* Nothing went through the completion ring. */
	assert_false(mpr_channel_event(ends.proxy, &msg));
	assert_true(mpr_channel_reply(ends.proxy, ticket, &msg));
	assert_int_equal(msg.value, 0x1122334455667788);
	assert_int_equal(msg.status, EIO);
	assert_int_equal(msg.intx, 0);
	ends_close(&ends);
}

UNIT_TEST(test_answer_is_taken_once)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg;
	uint64_t ticket;

	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	expect_request(ends.remote, &read_request);
	mpr_channel_complete(ends.remote, 1, 0);
	assert_true(mpr_channel_reply(ends.proxy, ticket, &msg));
	assert_false(mpr_channel_reply(ends.proxy, ticket, &msg));
	ends_close(&ends);
}

UNIT_TEST(test_answer_not_taken_is_not_overwritten)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg = write_of(0), answer;
	uint64_t ticket;
	unsigned sent = 0;

	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	expect_request(ends.remote, &read_request);
	mpr_channel_complete(ends.remote, 42, 0);
	/* The remote takes everything, but the slot of the answer blocks. */
	while (mpr_channel_send(ends.proxy, &msg, NULL)) {
		assert_true(++sent < SLOTS);
		expect_request(ends.remote, &msg);
		mpr_channel_retire(ends.remote);
	}
	assert_int_equal(sent, SLOTS - 1);
	assert_int_equal(mpr_channel_error(ends.proxy), 0);
	assert_true(mpr_channel_reply(ends.proxy, ticket, &answer));
	assert_int_equal(answer.value, 42);
	assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	expect_request(ends.remote, &msg);
	ends_close(&ends);
}

UNIT_TEST(test_answers_are_taken_in_any_order)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg;
	uint64_t ticket[SLOTS];

	for (unsigned i = 0; i < SLOTS; i++)
		assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket[i]));
	assert_false(mpr_channel_send(ends.proxy, &read_request, NULL));
	for (unsigned i = 0; i < SLOTS; i++) {
		expect_request(ends.remote, &read_request);
		mpr_channel_complete(ends.remote, 100 + i, 0);
	}
	for (unsigned i = SLOTS; i-- > 0;) {
		assert_true(mpr_channel_reply(ends.proxy, ticket[i], &msg));
		assert_int_equal(msg.value, 100 + i);
	}
	ends_close(&ends);
}

UNIT_TEST(test_full_ring_refuses_and_counts)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats stats;
	struct mpr_msg msg = write_of(0);

	for (unsigned i = 0; i < SLOTS; i++)
		assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	assert_false(mpr_channel_send(ends.proxy, &msg, NULL));
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.posted, SLOTS);
	assert_int_equal(stats.ring_full, 1);
	ends_close(&ends);
}

UNIT_TEST(test_events_arrive_and_are_dropped_when_full)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg event = {.type = MPR_MSG_IO_ERROR, .text = "disk d0: I/O error"}, msg;
	struct mpr_channel_stats stats;

	assert_false(mpr_channel_event(ends.proxy, &msg));
	for (unsigned i = 0; i < SLOTS; i++)
		assert_true(mpr_channel_notify(ends.remote, &event));
	assert_false(mpr_channel_notify(ends.remote, &event));
	assert_int_equal(mpr_channel_error(ends.remote), 0);
	assert_true(mpr_channel_event(ends.proxy, &msg));
	assert_int_equal(msg.type, MPR_MSG_EVENTS_LOST);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_true(mpr_channel_event(ends.proxy, &msg));
		assert_memory_equal(&msg, &event, sizeof(msg));
	}
	assert_false(mpr_channel_event(ends.proxy, &msg));
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.events, SLOTS);
	assert_int_equal(stats.events_dropped, 1);
	ends_close(&ends);
}

/* However many were dropped, and whenever. */
UNIT_TEST(test_lost_events_are_told_once_each_time)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg event = {.type = MPR_MSG_DMA_WRITTEN}, msg;

	for (unsigned round = 0; round < 3; round++) {
		while (mpr_channel_notify(ends.remote, &event))
			;
		assert_false(mpr_channel_notify(ends.remote, &event));
		assert_true(mpr_channel_event(ends.proxy, &msg));
		assert_int_equal(msg.type, MPR_MSG_EVENTS_LOST);
		for (unsigned i = 0; i < SLOTS; i++) {
			assert_true(mpr_channel_event(ends.proxy, &msg));
			assert_int_equal(msg.type, MPR_MSG_DMA_WRITTEN);
		}
		assert_false(mpr_channel_event(ends.proxy, &msg));
	}
	ends_close(&ends);
}

/* The remote answers although its event found no room: who has the answer
 * learns of the loss, even while the ring is still being emptied. */
UNIT_TEST(test_loss_is_visible_to_whoever_has_the_answer)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg event = {.type = MPR_MSG_DMA_WRITTEN}, msg = {.type = MPR_MSG_READ};
	uint64_t ticket;

	while (mpr_channel_notify(ends.remote, &event))
		;
	assert_true(mpr_channel_event(ends.proxy, &msg));
	assert_true(mpr_channel_event(ends.proxy, &msg));
	assert_int_equal(msg.type, MPR_MSG_DMA_WRITTEN);
	while (mpr_channel_notify(ends.remote, &event))
		;
	msg = (struct mpr_msg){.type = MPR_MSG_READ, .size = 4};
	assert_true(mpr_channel_send(ends.proxy, &msg, &ticket));
	assert_true(mpr_channel_receive(ends.remote, &msg));
	mpr_channel_complete(ends.remote, 0, 0);
	assert_true(mpr_channel_reply(ends.proxy, ticket, &msg));
	assert_true(mpr_channel_event(ends.proxy, &msg));
	assert_int_equal(msg.type, MPR_MSG_EVENTS_LOST);
	ends_close(&ends);
}

UNIT_TEST(test_interrupt_line_is_published_and_in_answers)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats stats;
	struct mpr_msg msg;
	uint64_t ticket;

	assert_false(mpr_channel_intx(ends.proxy));
	mpr_channel_set_intx(ends.remote, true);
	mpr_channel_set_intx(ends.remote, true);
	assert_true(mpr_channel_intx(ends.proxy));
	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	expect_request(ends.remote, &read_request);
	mpr_channel_complete(ends.remote, 0, 0);
	assert_true(mpr_channel_reply(ends.proxy, ticket, &msg));
	assert_int_equal(msg.intx, 1);
	mpr_channel_set_intx(ends.remote, false);
	assert_false(mpr_channel_intx(ends.proxy));
	mpr_channel_stats(ends.proxy, &stats);
	assert_int_equal(stats.interrupts, 1);
	ends_close(&ends);
}

UNIT_TEST(test_either_side_reads_all_counters)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_channel_stats of_proxy, of_remote;
	struct mpr_msg msg = write_of(0);
	uint64_t ticket;

	assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	expect_request(ends.remote, &msg);
	mpr_channel_retire(ends.remote);
	expect_request(ends.remote, &read_request);
	mpr_channel_complete(ends.remote, 0, 0);
	mpr_channel_stats(ends.proxy, &of_proxy);
	mpr_channel_stats(ends.remote, &of_remote);
	assert_memory_equal(&of_proxy, &of_remote, sizeof(of_proxy));
	assert_int_equal(of_proxy.posted, 1);
	assert_int_equal(of_proxy.reads, 1);
	assert_int_equal(of_proxy.received, 2);
	assert_int_equal(of_proxy.replied, 1);
	ends_close(&ends);
}

static bool alive_counts_down(void *opaque)
{
	int *left = opaque;

	return --*left > 0;
}

UNIT_TEST(test_wait_ends_when_the_remote_is_not_alive)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg;
	uint64_t ticket;
	int left;

	/* Asleep, and spinning. */
	for (uint64_t spin_ns = 0; spin_ns <= 1000000000; spin_ns += 1000000000) {
		left = 3;
		assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
		assert_int_equal(mpr_channel_wait_reply(ends.proxy, ticket, &msg, spin_ns,
							alive_counts_down, &left),
				 -EPIPE);
		assert_int_equal(left, 0);
		assert_false(mpr_channel_reply(ends.proxy, ticket, &msg));
	}
	ends_close(&ends);
}

UNIT_TEST(test_given_up_ticket_frees_its_slot)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg;
	uint64_t ticket;
	int left = 1;

	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	assert_int_equal(
		mpr_channel_wait_reply(ends.proxy, ticket, &msg, 0, alive_counts_down, &left),
		-EPIPE);
	for (unsigned i = 0; i < 3 * SLOTS; i++) {
		expect_request(ends.remote, &read_request);
		mpr_channel_complete(ends.remote, 0, 0);
		assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
		if (i > 0)
			assert_true(mpr_channel_reply(ends.proxy, ticket - 1, &msg));
	}
	ends_close(&ends);
}

static struct mpr_channel_options options_with(uint32_t slots, int node)
{
	return (struct mpr_channel_options){.slots = slots, .numa_node = node};
}

UNIT_TEST(test_nothing_is_received_once_given_up)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg = write_of(1);

	assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	assert_false(mpr_channel_given_up(ends.remote));
	mpr_channel_give_up(ends.proxy);
	assert_true(mpr_channel_given_up(ends.remote));
	assert_false(mpr_channel_receive(ends.remote, &msg));
	assert_false(mpr_channel_next(ends.remote, &msg));
	assert_true(mpr_channel_arm(ends.remote)); /* no reason to stay awake */
	assert_int_equal(mpr_channel_error(ends.remote), 0);
	ends_close(&ends);
}

UNIT_TEST(test_bad_options_are_refused)
{
	const uint32_t slots[] = {1, 8, 15, 17, 1000, 131072, UINT32_MAX};
	struct mpr_channel *channel;
	struct mpr_channel_options options;

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		options = options_with(slots[i], -1);
		assert_int_equal(mpr_channel_create(&options, &channel), -EINVAL);
	}
	options = options_with(0, 4000);
	assert_int_equal(mpr_channel_create(&options, &channel), -EINVAL);
}

UNIT_TEST(test_largest_ring_works)
{
	struct ends ends = ends_open(65536);
	struct mpr_msg msg = write_of(1);

	for (unsigned i = 0; i < 65536; i++)
		assert_true(mpr_channel_send(ends.proxy, &msg, NULL));
	assert_false(mpr_channel_send(ends.proxy, &msg, NULL));
	for (unsigned i = 0; i < 65536; i++) {
		expect_request(ends.remote, &msg);
		mpr_channel_retire(ends.remote);
	}
	assert_false(mpr_channel_receive(ends.remote, &msg));
	ends_close(&ends);
}

/* ---- A remote that breaks the protocol -------------------------------- */

UNIT_TEST(test_impossible_position_ends_the_channel)
{
	struct ends ends = ends_open(SLOTS);
	struct mpr_msg msg = write_of(0);
	uint8_t *bytes = ends.shared;
	const uint64_t position = 12345;

	memcpy(bytes + 4096, &position, sizeof(position));
	while (mpr_channel_send(ends.proxy, &msg, NULL))
		;
	assert_int_equal(mpr_channel_error(ends.proxy), -EPROTO);
	/* For good, also when the position becomes possible. */
	memset(bytes + 4096, 0, sizeof(position));
	assert_false(mpr_channel_send(ends.proxy, &msg, NULL));
	assert_false(mpr_channel_event(ends.proxy, &msg));
	ends_close(&ends);
}

UNIT_TEST(test_garbage_instead_of_an_answer_ends_the_wait)
{
	struct ends ends = ends_open(SLOTS);
	uint8_t *bytes = ends.shared;
	const uint64_t garbage = 0x0123456789abcdef;
	struct mpr_msg msg;
	uint64_t ticket;

	assert_true(mpr_channel_send(ends.proxy, &read_request, &ticket));
	memcpy(bytes + 4096 + 128 + 56, &garbage, sizeof(garbage));
	assert_int_equal(mpr_channel_wait_reply(ends.proxy, ticket, &msg, 0, NULL, NULL), -EPROTO);
	assert_int_equal(mpr_channel_error(ends.proxy), -EPROTO);
	ends_close(&ends);
}

UNIT_TEST(test_impossible_event_position_ends_the_remotes_side)
{
	struct ends ends = ends_open(SLOTS);
	uint8_t *bytes = ends.shared;
	const struct mpr_msg event = {.type = MPR_MSG_IO_ERROR}, request = write_of(1);
	const uint64_t position = UINT64_MAX;
	struct mpr_msg msg;

	memcpy(bytes + 8192, &position, sizeof(position));
	while (mpr_channel_notify(ends.remote, &event))
		;
	assert_int_equal(mpr_channel_error(ends.remote), -EPROTO);
	/* It takes nothing any more, and may sleep although there is a request. */
	assert_true(mpr_channel_send(ends.proxy, &request, NULL));
	assert_false(mpr_channel_receive(ends.remote, &msg));
	assert_true(mpr_channel_arm(ends.remote));
	ends_close(&ends);
}

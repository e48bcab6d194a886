/* SPDX-License-Identifier: MIT */
/* Proves that a message is the same in however many pieces it comes. */
#include "tests/wire/pair.h"

static const char payload[] = "payload of twenty-four b";

/* The bytes of a message as they lie on the wire. */
static size_t flatten(uint8_t *bytes, uint32_t serial)
{
	struct mpr_wire_header header;

	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_DESCRIBE, "lsi0"), 0);
	header.serial = serial;
	header.length = sizeof(payload);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), payload, sizeof(payload));
	return sizeof(header) + sizeof(payload);
}

static void expect_message(const struct mpr_wire_msg *msg, uint32_t serial)
{
	assert_int_equal(msg->header.serial, serial);
	assert_string_equal(msg->header.id, "lsi0");
	assert_memory_equal(msg->payload, payload, sizeof(payload));
}

pair_test(bytes_one_by_one_make_a_message)
{
	struct pair *pair = *state;
	struct mpr_wire_parser parser;
	uint8_t bytes[256];
	size_t size = flatten(bytes, 7);

	assert_int_equal(mpr_wire_parser_init(&parser), 0);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 0);
		assert_int_equal(write(pair->a, &bytes[i], 1), 1);
	}
	assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 1);
	expect_message(parser.msg, 7);
	assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 0);
	mpr_wire_parser_fini(&parser);
}

pair_test(glued_messages_come_apart)
{
	struct pair *pair = *state;
	struct mpr_wire_parser parser;
	uint8_t bytes[3 * 256];
	size_t size = 0;

	for (uint32_t i = 0; i < 3; i++)
		size += flatten(bytes + size, i);
	assert_int_equal(write(pair->a, bytes, size), size);
	assert_int_equal(mpr_wire_parser_init(&parser), 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 1);
		expect_message(parser.msg, i);
	}
	assert_int_equal(mpr_wire_parser_read(&parser, pair->b), 0);
	mpr_wire_parser_fini(&parser);
}

pair_test(the_blocking_receiver_takes_one_message_only)
{
	struct pair *pair = *state;
	uint8_t bytes[2 * 256];
	size_t size = flatten(bytes, 1);

	size += flatten(bytes + size, 2);
	assert_int_equal(write(pair->a, bytes, size), size);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	expect_message(&pair->msg, 1);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	expect_message(&pair->msg, 2);
}

pair_test(what_is_sent_arrives)
{
	struct pair *pair = *state;
	struct mpr_wire_header header;

	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_DESCRIBE, "lsi0"), 0);
	header.serial = 9;
	assert_int_equal(
		mpr_wire_send(pair->a, &header, payload, sizeof(payload), NULL, 0, TIMEOUT_MS), 0);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	expect_message(&pair->msg, 9);
}

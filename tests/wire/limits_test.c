/* SPDX-License-Identifier: MIT */
/* Proves that sizes and waits are bounded, and that a lost peer is distinguished from a slow
 * one. */
#include <pthread.h>

#include "tests/wire/pair.h"

static struct mpr_wire_header header_of(uint32_t length)
{
	struct mpr_wire_header header;

	mpr_wire_header_init(&header, MPR_WIRE_MEMORY, "lsi0");
	header.length = length;
	return header;
}

pair_test(an_oversized_payload_is_refused_by_its_header)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = header_of(MPR_WIRE_MAX_PAYLOAD + 1);

	assert_int_equal(write(pair->a, &header, sizeof(header)), sizeof(header));
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), -EPROTO);
}

pair_test(an_oversized_payload_is_not_sent)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = header_of(0);

	assert_int_equal(mpr_wire_send(pair->a, &header, pair->msg.payload,
				       MPR_WIRE_MAX_PAYLOAD + 1, NULL, 0, TIMEOUT_MS),
			 -EMSGSIZE);
	assert_int_equal(mpr_wire_send(pair->a, &header, NULL, 0, pair->msg.fds,
				       MPR_WIRE_MAX_FDS + 1, TIMEOUT_MS),
			 -EMSGSIZE);
}

static void *send_largest(void *opaque)
{
	struct pair *pair = opaque;
	struct mpr_wire_header header = header_of(0);
	static uint8_t payload[MPR_WIRE_MAX_PAYLOAD];

	memset(payload, 0x5a, sizeof(payload));
	return (void *)(intptr_t)mpr_wire_send(pair->a, &header, payload, sizeof(payload), NULL, 0,
					       TIMEOUT_MS);
}

pair_test(the_largest_payload_passes_a_small_socket_buffer)
{
	struct pair *pair = *state;
	int small = 4096;
	pthread_t sender;
	void *ret;

	setsockopt(pair->a, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	assert_int_equal(pthread_create(&sender, NULL, send_largest, pair), 0);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), 0);
	pthread_join(sender, &ret);
	assert_null(ret);
	assert_int_equal(pair->msg.header.length, MPR_WIRE_MAX_PAYLOAD);
	assert_int_equal(pair->msg.payload[MPR_WIRE_MAX_PAYLOAD - 1], 0x5a);
}

pair_test(an_id_of_32_bytes_is_refused)
{
	struct mpr_wire_header header;

	assert_int_equal(
		mpr_wire_header_init(&header, MPR_WIRE_CLOSE, "12345678901234567890123456789012"),
		-ENAMETOOLONG);
	assert_int_equal(
		mpr_wire_header_init(&header, MPR_WIRE_CLOSE, "1234567890123456789012345678901"),
		0);
}

pair_test(a_silent_peer_times_out)
{
	struct pair *pair = *state;

	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, 1), -ETIMEDOUT);
}

pair_test(a_peer_that_stops_in_a_message_times_out)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = header_of(100);

	assert_int_equal(write(pair->a, &header, sizeof(header)), sizeof(header));
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, 1), -ETIMEDOUT);
}

pair_test(a_peer_that_does_not_read_times_out)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = header_of(0);
	int small = 4096;

	setsockopt(pair->a, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	assert_int_equal(mpr_wire_send(pair->a, &header, pair->msg.payload, MPR_WIRE_MAX_PAYLOAD,
				       NULL, 0, 1),
			 -ETIMEDOUT);
}

pair_test(a_peer_that_hangs_up_is_told)
{
	struct pair *pair = *state;

	shutdown(pair->a, SHUT_WR);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), -ECONNRESET);
}

pair_test(a_peer_that_hangs_up_in_a_message_is_told)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = header_of(100);

	assert_int_equal(write(pair->a, &header, 30), 30);
	shutdown(pair->a, SHUT_WR);
	assert_int_equal(mpr_wire_recv(pair->b, &pair->msg, TIMEOUT_MS), -ECONNRESET);
}

pair_test(sending_to_a_lost_peer_is_no_signal)
{
	struct pair *pair = *state;
	struct mpr_wire_header header = header_of(0);

	shutdown(pair->b, SHUT_RDWR);
	assert_int_equal(mpr_wire_send(pair->a, &header, NULL, 0, NULL, 0, TIMEOUT_MS), -EPIPE);
}

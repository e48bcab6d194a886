/* SPDX-License-Identifier: MIT */
/* Proves that a VMM never blocks on closing what a remote sent, by whatever way that came. A
 * test that fails hangs until it is killed. */
#include "proxy/proxy.h"

#include "ring/channel_proxy.h"
#include "tests/common/unit.h"
#include "tests/ring/lingering.h"
#include "wire/wire.h"

static const struct mpr_wire_hello hello = {
	.magic = MPR_WIRE_MAGIC, .version_min = MPR_WIRE_VERSION, .version_max = MPR_WIRE_VERSION};

static int other; /* the end of the lingering socket that is kept */

static void socket_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

/* The answer to the first request, before it is made. */
static void answer_hello(int sock, unsigned lingering, int flags)
{
	struct mpr_wire_header header;
	char bytes[sizeof(header) + sizeof(hello)];

	assert_int_equal(mpr_wire_header_init(&header, MPR_WIRE_HELLO, NULL), 0);
	header.flags = MPR_WIRE_ANSWER;
	header.serial = 1;
	header.length = sizeof(hello);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), &hello, sizeof(hello));
	if (lingering)
		lingering_send(sock, bytes, flags ? 1 : sizeof(bytes), lingering_socket(&other),
			       lingering, flags);
	if (!lingering || flags)
		assert_int_equal(send(sock, bytes + !!flags, sizeof(bytes) - !!flags, 0),
				 sizeof(bytes) - !!flags);
}

static void expect_refusal(unsigned lingering, int flags)
{
	struct mpr_proxy_conn *conn;
	int ends[2];

	socket_pair(ends);
	answer_hello(ends[1], lingering, flags);
	assert_true(mpr_proxy_connect_fd(ends[0], &conn, NULL) < 0);
	close(ends[0]);
	close(ends[1]);
	close(other);
}

UNIT_TEST(an_answer_with_a_descriptor)
{
	expect_refusal(1, 0);
}

UNIT_TEST(an_answer_with_more_descriptors_than_any_may_have)
{
	expect_refusal(253, 0);
}

UNIT_TEST(an_urgent_byte_with_a_descriptor)
{
	expect_refusal(1, MSG_OOB);
}

UNIT_TEST(a_message_that_is_never_read)
{
	struct mpr_proxy_conn *conn;
	int ends[2];

	socket_pair(ends);
	answer_hello(ends[1], 0, 0);
	assert_int_equal(mpr_proxy_connect_fd(ends[0], &conn, NULL), 0);
	lingering_send(ends[1], "x", 1, lingering_socket(&other), 1, 0);
	mpr_proxy_disconnect(conn);
	close(ends[1]);
	close(other);
}

/* The doorbell is a socket, too, and the remote has its other end. */
UNIT_TEST(a_doorbell_that_is_rung_back)
{
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};
	struct mpr_channel *channel;

	assert_int_equal(mpr_channel_create(&options, &channel), 0);
	assert_int_equal(send(mpr_channel_doorbell(channel), "x", 1, MSG_NOSIGNAL), -1);
	mpr_channel_destroy(channel);
}

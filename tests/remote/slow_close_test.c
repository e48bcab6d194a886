/* SPDX-License-Identifier: MIT */
/* Proves that the process is never blocked by closing what a VMM sent, whichever way it
 * came: it answers the next request, or ends when the VMM hangs up. A failing case hangs
 * until the time limit. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "ring/channel_proxy.h"
#include "tests/remote/harness.h"
#include "tests/ring/lingering.h"
#include "wire/mpqemu.h"
#include "wire/wire.h"

#define TIMEOUT_MS 600000

static struct remote remote;
static struct mpr_wire_msg answer;
static int other; /* the end of the lingering socket that is kept */

static struct mpr_wire_header header_of(enum mpr_wire_type type)
{
	struct mpr_wire_header header;

	assert_int_equal(
		mpr_wire_header_init(&header, type, type == MPR_WIRE_HELLO ? NULL : "test0"), 0);
	return header;
}

/* Stopped while this process closes its copies, so that the remote closes the last one. */
static void stop_remote(void)
{
	int status;

	assert_int_equal(kill(remote.pid, SIGSTOP), 0);
	assert_int_equal(waitpid(remote.pid, &status, WUNTRACED), remote.pid);
}

static void let_go(void)
{
	assert_int_equal(kill(remote.pid, SIGCONT), 0);
}

static void send_request(enum mpr_wire_type type, const void *payload, size_t length,
			 const int *fds, unsigned nfds)
{
	struct mpr_wire_header header = header_of(type);

	assert_int_equal(
		mpr_wire_send(remote.sock, &header, payload, length, fds, nfds, TIMEOUT_MS), 0);
}

/* 0 or the errno in the answer. */
static int receive_answer(void)
{
	const struct mpr_wire_error *error = (const void *)answer.payload;

	assert_int_equal(mpr_wire_recv(remote.sock, &answer, TIMEOUT_MS), 0);
	return answer.header.type == MPR_WIRE_ERROR ? (int)error->error : 0;
}

static int request(enum mpr_wire_type type, const void *payload, size_t length, const int *fds,
		   unsigned nfds)
{
	send_request(type, payload, length, fds, nfds);
	return receive_answer();
}

/* Sends copies of a lingering socket and keeps none. */
static int request_lingering(enum mpr_wire_type type, const void *payload, size_t length,
			     unsigned count)
{
	int sock = lingering_socket(&other);
	const int fds[2] = {sock, sock};

	stop_remote();
	send_request(type, payload, length, fds, count);
	close(sock);
	let_go();
	return receive_answer();
}

static void hello(void)
{
	const struct mpr_wire_hello payload = {.magic = MPR_WIRE_MAGIC,
					       .version_min = MPR_WIRE_VERSION,
					       .version_max = MPR_WIRE_VERSION,
					       .features = UINT32_MAX};

	assert_int_equal(request(MPR_WIRE_HELLO, &payload, sizeof(payload), NULL, 0), 0);
}

/* Opens test0 with a doorbell of the test's own, of which no copy is kept: who closes the
 * last one closes the descriptors queued in it. */
static struct mpr_channel *open_channel(int doorbell)
{
	const struct mpr_wire_channel payload = {.abi = MPR_CHANNEL_ABI};
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};
	struct mpr_channel *channel;
	int fds[2];

	assert_int_equal(mpr_channel_create(&options, &channel), 0);
	fds[0] = mpr_channel_memfd(channel);
	fds[1] = doorbell;
	assert_int_equal(request(MPR_WIRE_CHANNEL, &payload, sizeof(payload), fds, 2), 0);
	close(doorbell);
	return channel;
}

static int setup(void **state)
{
	static const char *const args[] = {"@", "-device", "test-device,id=test0", NULL};

	(void)state;
	remote_start(&remote, args);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(remote_finish(&remote), 0);
	free(remote_output(&remote));
	free(remote_print(&remote));
	close(other);
	return 0;
}

#define SLOW_TEST(name) UNIT_TEST_WITH(name, setup, teardown)

SLOW_TEST(channel_of_sockets)
{
	const struct mpr_wire_channel payload = {.abi = MPR_CHANNEL_ABI};

	hello();
	assert_int_equal(request_lingering(MPR_WIRE_CHANNEL, &payload, sizeof(payload), 2), EPROTO);
}

SLOW_TEST(interrupt_that_is_a_socket)
{
	const struct mpr_wire_intx payload = {.flags = MPR_INTX_RESAMPLE};
	int ends[2];

	hello();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	mpr_channel_destroy(open_channel(ends[1]));
	assert_int_equal(request_lingering(MPR_WIRE_INTX, &payload, sizeof(payload), 2), EPROTO);
	close(ends[0]);
}

SLOW_TEST(guest_memory_that_is_a_socket)
{
	const struct mpr_wire_region region = {.size = 4096};
	int ends[2];

	hello();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	mpr_channel_destroy(open_channel(ends[1]));
	assert_int_equal(request_lingering(MPR_WIRE_MEMORY, &region, sizeof(region), 1), EINVAL);
	assert_int_equal(request(MPR_WIRE_DESCRIBE, NULL, 0, NULL, 0), 0);
	close(ends[0]);
}

static void send_lingering(const void *bytes, size_t size, unsigned count, int flags)
{
	stop_remote();
	lingering_send(remote.sock, bytes, size, lingering_socket(&other), count, flags);
	let_go();
}

SLOW_TEST(descriptors_that_nobody_announced)
{
	struct mpr_wire_header header = header_of(MPR_WIRE_HELLO);

	send_lingering(&header, sizeof(header), 253, 0);
}

SLOW_TEST(descriptors_in_mpqemu_messages)
{
	const struct mpr_mpqemu_header header = {.command = MPR_MPQEMU_SET_IRQFD};

	send_lingering(&header, sizeof(header), 253, 0);
}

SLOW_TEST(urgent_byte_with_a_descriptor)
{
	struct mpr_wire_header header = header_of(MPR_WIRE_DESCRIBE);

	hello();
	send_lingering(&header, 1, 1, MSG_OOB);
	assert_int_equal(send(remote.sock, (char *)&header + 1, sizeof(header) - 1, 0),
			 sizeof(header) - 1);
}

SLOW_TEST(message_that_is_never_read)
{
	char noise[256];

	memset(noise, 0xa5, sizeof(noise));
	hello();
	stop_remote();
	assert_int_equal(send(remote.sock, noise, sizeof(noise), 0), sizeof(noise));
	lingering_send(remote.sock, noise, sizeof(noise), lingering_socket(&other), 1, 0);
	let_go();
}

/* Who reads the doorbell closes the descriptors that came with the ring. */
SLOW_TEST(rings_with_descriptors)
{
	struct mpr_channel *channel;
	int ends[2];

	hello();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	channel = open_channel(ends[1]);
	for (int i = 0; i < 100; i++) {
		struct mpr_msg msg = {.type = MPR_MSG_READ, .size = 8};
		uint64_t ticket;

		stop_remote();
		lingering_send(ends[0], "", 1, lingering_socket(&other), 1, 0);
		let_go();
		assert_true(mpr_channel_send(channel, &msg, &ticket));
		assert_int_equal(send(ends[0], "", 1, 0), 1);
		assert_int_equal(mpr_channel_wait_reply(channel, ticket, &msg, 0, NULL, NULL), 0);
	}
	assert_int_equal(request(MPR_WIRE_CLOSE, NULL, 0, NULL, 0), 0);
	mpr_channel_destroy(channel);
	close(ends[0]);
}

/* SPDX-License-Identifier: MIT */
/* Proves that closing what a peer sent does not block. A test that fails hangs until it is
 * killed. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "ring/discard.h"
#include "tests/common/unit.h"
#include "tests/ring/lingering.h"

UNIT_TEST(test_a_socket_that_lingers_is_closed_elsewhere)
{
	int other, sock = lingering_socket(&other);

	mpr_discard(sock);
	/* It gives its number up before it waits. */
	while (fcntl(sock, F_GETFD) >= 0)
		usleep(100);
	close(other);
}

UNIT_TEST(test_one_that_lingers_holds_back_no_other)
{
	int others[4], pipes[2];
	char byte;

	for (int i = 0; i < 4; i++)
		mpr_discard(lingering_socket(&others[i]));
	assert_int_equal(pipe(pipes), 0);
	mpr_discard(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	for (int i = 0; i < 4; i++)
		close(others[i]);
}

UNIT_TEST(test_memory_is_closed_at_once)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	mpr_discard(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	mpr_discard(-1);
}

static void socket_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

UNIT_TEST(test_a_socket_is_hung_up_at_once_whatever_lies_in_it)
{
	int ends[2], other, sock = lingering_socket(&other);
	char byte;

	socket_pair(ends);
	lingering_send(ends[0], "x", 1, sock, 1, 0);
	mpr_discard_socket(ends[1]);
	/* An end, or, once it is closed, the news that something was not read. */
	if (recv(ends[0], &byte, 1, MSG_DONTWAIT) < 0)
		assert_int_equal(errno, ECONNRESET);
	assert_int_equal(send(ends[0], "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[0]);
	close(other);
}

UNIT_TEST(test_an_empty_socket_is_closed_at_once)
{
	int ends[2];

	socket_pair(ends);
	mpr_discard_socket(ends[1]);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
	close(ends[0]);
	mpr_discard_socket(-1);
}

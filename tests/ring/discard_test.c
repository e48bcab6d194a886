/* SPDX-License-Identifier: MIT */
/* Proves that nobody waits for the closing of what a peer sent. A test that waits does
 * so until it is ended. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "ring/discard.h"
#include "tests/ring/lingering.h"

static void test_a_socket_that_lingers_is_closed_elsewhere(void **state)
{
	int other, sock = lingering_socket(&other);

	(void)state;
	mpr_discard(sock);
	/* It gives its number up before it waits. */
	while (fcntl(sock, F_GETFD) >= 0)
		usleep(100);
	close(other);
}

static void test_one_that_lingers_holds_back_no_other(void **state)
{
	int others[4], pipes[2];
	char byte;

	(void)state;
	for (int i = 0; i < 4; i++)
		mpr_discard(lingering_socket(&others[i]));
	assert_int_equal(pipe(pipes), 0);
	mpr_discard(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	for (int i = 0; i < 4; i++)
		close(others[i]);
}

static void test_memory_is_closed_at_once(void **state)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	(void)state;
	mpr_discard(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	mpr_discard(-1);
}

static void socket_pair(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void test_a_socket_is_hung_up_at_once_whatever_lies_in_it(void **state)
{
	int ends[2], other, sock = lingering_socket(&other);
	char byte;

	(void)state;
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

static void test_an_empty_socket_is_closed_at_once(void **state)
{
	int ends[2];

	(void)state;
	socket_pair(ends);
	mpr_discard_socket(ends[1]);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
	close(ends[0]);
	mpr_discard_socket(-1);
}

static ssize_t receive(int sock, char control[MPR_DISCARD_ROOM], struct msghdr *mh)
{
	static char bytes[4];
	static struct iovec iov = {bytes, sizeof(bytes)};

	*mh = (struct msghdr){.msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = MPR_DISCARD_ROOM};
	return recvmsg(sock, mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
}

static void test_all_that_can_be_sent_has_room(void **state)
{
	_Alignas(struct cmsghdr) char control[MPR_DISCARD_ROOM];
	int ends[2], other, sock = lingering_socket(&other), on = 1;
	struct msghdr mh;

	(void)state;
	socket_pair(ends);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	lingering_send(ends[0], "x", 1, sock, 253, 0);
	assert_int_equal(receive(ends[1], control, &mh), 1);
	assert_int_equal(mh.msg_flags & MSG_CTRUNC, 0);
	assert_true(mpr_discard_received(&mh));
	lingering_send(ends[0], "x", 1, open("/dev/null", O_RDONLY), 1, 0);
	assert_int_equal(send(ends[0], "y", 1, 0), 1);
	assert_int_equal(receive(ends[1], control, &mh), 1);
	assert_true(mpr_discard_received(&mh));
	assert_int_equal(receive(ends[1], control, &mh), 1);
	assert_false(mpr_discard_received(&mh));
	close(other);
	close(ends[0]);
	close(ends[1]);
}

static void test_an_urgent_byte_is_not_passed_over(void **state)
{
	_Alignas(struct cmsghdr) char control[MPR_DISCARD_ROOM];
	int ends[2], other, sock = lingering_socket(&other);
	struct msghdr mh;

	(void)state;
	socket_pair(ends);
	mpr_discard_prepare(ends[1]);
	lingering_send(ends[0], "x", 1, sock, 1, MSG_OOB);
	assert_int_equal(send(ends[0], "y", 1, 0), 1);
	assert_int_equal(receive(ends[1], control, &mh), 1);
	assert_true(mpr_discard_received(&mh));
	close(other);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_socket_that_lingers_is_closed_elsewhere),
		cmocka_unit_test(test_one_that_lingers_holds_back_no_other),
		cmocka_unit_test(test_memory_is_closed_at_once),
		cmocka_unit_test(test_a_socket_is_hung_up_at_once_whatever_lies_in_it),
		cmocka_unit_test(test_an_empty_socket_is_closed_at_once),
		cmocka_unit_test(test_all_that_can_be_sent_has_room),
		cmocka_unit_test(test_an_urgent_byte_is_not_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

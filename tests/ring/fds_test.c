/* SPDX-License-Identifier: MIT */
/* Proves that every descriptor that a peer sends with bytes is seen, and that those which
 * are sent arrive once. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "ring/discard.h"
#include "ring/fds.h"
#include "tests/common/unit.h"
#include "tests/ring/lingering.h"

static int ends[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	return close(ends[1]);
}

#define with_sockets(name) UNIT_TEST_WITH(name, set_up, tear_down)

struct came {
	unsigned fds, lost;
	int last;
};

static void count(void *opaque, int fd)
{
	struct came *came = opaque;

	came->fds += fd >= 0;
	came->lost += fd < 0;
	came->last = fd;
	mpr_discard(fd);
}

static struct came receive(void)
{
	struct came came = {.last = -1};
	char bytes[4];

	assert_int_equal(mpr_fds_receive(ends[1], bytes, sizeof(bytes), count, &came), 1);
	return came;
}

with_sockets(test_all_that_can_be_sent_has_room)
{
	int other, sock = lingering_socket(&other), on = 1;
	struct came came;

	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	lingering_send(ends[0], "x", 1, sock, 253, 0);
	came = receive();
	assert_int_equal(came.fds, 253);
	assert_int_equal(came.lost, 0);
	lingering_send(ends[0], "x", 1, open("/dev/null", O_RDONLY), 1, 0);
	assert_int_equal(send(ends[0], "y", 1, 0), 1);
	assert_int_equal(receive().fds, 1);
	assert_int_equal(receive().fds, 0);
	close(other);
}

with_sockets(test_an_urgent_byte_is_not_passed_over)
{
	int other, sock = lingering_socket(&other);

	mpr_discard_prepare(ends[1]);
	lingering_send(ends[0], "x", 1, sock, 1, MSG_OOB);
	assert_int_equal(send(ends[0], "y", 1, 0), 1);
	assert_int_equal(receive().fds, 1);
	close(other);
}

with_sockets(test_what_is_lost_is_said)
{
	struct rlimit before, none;
	struct came came;

	lingering_send(ends[0], "x", 1, open("/dev/null", O_RDONLY), 1, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	came = receive();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(came.fds, 0);
	assert_int_equal(came.lost, 1);
}

with_sockets(test_what_nobody_wants_is_closed)
{
	int pipes[2];
	char byte;

	assert_int_equal(pipe(pipes), 0);
	lingering_send(ends[0], "x", 1, pipes[1], 1, 0);
	assert_int_equal(mpr_fds_receive(ends[1], &byte, 1, NULL, NULL), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
}

static ino_t inode_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

static ino_t kept;

static void keep(void *opaque, int fd)
{
	(void)opaque;
	kept = inode_of(fd);
	close(fd);
}

with_sockets(test_descriptors_stay_the_senders_and_arrive)
{
	struct iovec parts[2] = {{"ab", 2}, {"c", 1}};
	int fd = open("/dev/null", O_RDONLY);
	char bytes[4];

	assert_int_equal(mpr_fds_send(ends[0], parts, 2, &fd, 1), 3);
	assert_int_equal(mpr_fds_receive(ends[1], bytes, sizeof(bytes), keep, NULL), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_int_equal(kept, inode_of(fd));
	close(fd);
}

with_sockets(test_nobody_waits)
{
	static char bytes[1 << 16];
	struct iovec part = {bytes, sizeof(bytes)};
	ssize_t n;

	assert_int_equal(mpr_fds_receive(ends[1], bytes, 1, NULL, NULL), -EAGAIN);
	do {
		n = mpr_fds_send(ends[0], &part, 1, NULL, 0);
	} while (n > 0);
	assert_int_equal(n, -EAGAIN);
	(void)shutdown(ends[1], SHUT_RDWR);
	assert_int_equal(mpr_fds_send(ends[0], &part, 1, NULL, 0), -EPIPE);
}

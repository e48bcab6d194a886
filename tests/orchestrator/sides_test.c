/* SPDX-License-Identifier: MIT */
/*
 * Proves that only this process can connect to the sockets of QEMU's monitors, and that QEMU never
 * blocks in accept() on one, in whichever order its threads notice a client.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "orchestrator/monitor/sides.h"
#include "tests/common/unit.h"

#define SIDES 3

/* A thread that blocks is ended by alarm(). */
#define HANG_SECONDS 60

static struct mpr_sides *sides;
static char folder[] = "/tmp/sides_test-XXXXXX";

static int set_up(void **state)
{
	char *error;

	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	alarm(HANG_SECONDS);
	return mpr_sides_create(SIDES, &sides, &error) || mpr_sides_open(sides, &error);
}

static int tear_down(void **state)
{
	(void)state;
	mpr_sides_destroy(sides);
	alarm(0);
	return rmdir(folder);
}

#define with_sides(name) UNIT_TEST_WITH(name, set_up, tear_down)

static int connect_to(size_t side)
{
	int fd = mpr_sides_connect(sides, side);

	assert_true(fd >= 0);
	return fd;
}

with_sides(each_side_is_its_own)
{
	for (size_t i = 0; i < SIDES; i++) {
		int client = connect_to(i), qemu;
		char byte = 'x';

		qemu = accept4(mpr_sides_fds(sides)[i], NULL, NULL, SOCK_CLOEXEC);
		assert_true(qemu >= 0);
		assert_int_equal(write(client, &byte, 1), 1);
		assert_int_equal(read(qemu, &byte, 1), 1);
		close(client);
		close(qemu);
	}
}

/* Neither a file, nor the name that QEMU reports. */
with_sides(no_path_leads_to_them)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), entries = 0;
	DIR *dir = opendir(folder);

	assert_non_null(dir);
	while (readdir(dir))
		entries++;
	closedir(dir);
	assert_int_equal(entries, 2); /* itself and its parent */
	assert_int_equal(getsockname(mpr_sides_fds(sides)[0], (struct sockaddr *)&address, &len),
			 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), -1);
	assert_int_equal(errno, ENOENT);
	close(client);
}

static bool is_ready(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

/*
 * At its start QEMU moves a monitor's socket from its main thread to the monitors' thread. If a
 * client comes then, both may see it; the second to call accept() must not block.
 */
with_sides(two_threads_may_see_one_client)
{
	int main_thread, monitors_thread, client, first;

	main_thread = dup(mpr_sides_fds(sides)[1]);
	monitors_thread = dup(mpr_sides_fds(sides)[1]);
	client = connect_to(1);
	assert_true(is_ready(main_thread));
	assert_true(is_ready(monitors_thread));
	first = accept4(monitors_thread, NULL, NULL, SOCK_CLOEXEC);
	assert_true(first >= 0);
	assert_int_equal(accept4(main_thread, NULL, NULL, SOCK_CLOEXEC), -1);
	assert_int_equal(errno, EAGAIN);
	close(first);
	close(client);
	close(main_thread);
	close(monitors_thread);
}

with_sides(connections_end_with_qemu)
{
	mpr_sides_hand_over(sides); /* as when QEMU, which inherits them, has ended */
	assert_int_equal(mpr_sides_connect(sides, 0), -ECONNREFUSED);
}

with_sides(all_descriptors_are_closed_on_exec)
{
	for (int fd = 3; fd < 64; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0)
			assert_int_equal(flags & FD_CLOEXEC, FD_CLOEXEC);
	}
}

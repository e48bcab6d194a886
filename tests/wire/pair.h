/* SPDX-License-Identifier: MIT */
/* What the tests of wire/ share: a socket pair, and a count of open files. */
#ifndef MPR_TESTS_WIRE_PAIR_H
#define MPR_TESTS_WIRE_PAIR_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/common/unit.h"
#include "wire/wire.h"

#define TIMEOUT_MS 10000

struct pair {
	int a, b;
	int files; /* open in this process once the pair is */
	struct mpr_wire_msg msg;
};

/* The number that the next file descriptor would get tells whether any leaked:
 * tests close what they open. */
static inline int next_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static inline int pair_setup(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	int sv[2];

	if (!pair || socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
		return -1;
	pair->a = sv[0];
	pair->b = sv[1];
	pair->files = next_fd();
	*state = pair;
	return 0;
}

/* How many more are open than before, once the thread that closes some has done so. */
static inline int leaked_files(const struct pair *pair)
{
	int leaked = next_fd() - pair->files;

	for (int i = 0; leaked && i < TIMEOUT_MS; i++) {
		usleep(1000);
		leaked = next_fd() - pair->files;
	}
	return leaked;
}

static inline int pair_teardown(void **state)
{
	struct pair *pair = *state;
	int leaked = leaked_files(pair);

	close(pair->a);
	close(pair->b);
	free(pair);
	return leaked; /* anything but 0 fails the test */
}

#define pair_test(name) UNIT_TEST_WITH(name, pair_setup, pair_teardown)

#endif

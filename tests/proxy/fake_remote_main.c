/* SPDX-License-Identifier: MIT */
/*
 * The fake remote as a program, for the tests with QEMU:
 *   fake_remote FD      serves an inherited socket
 *   fake_remote PATH    listens on a path and serves one connection
 * When its peer hangs up it says how often it was asked to raise its line again.
 * SIGUSR1 releases FAKE_HOLD.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/proxy/fake_remote.h"

/* Listens before the path appears, so that whoever waits for the path can connect. */
static int listen_on(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
	if (sock < 0 || bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(sock, 1) < 0 || rename(address.sun_path, path) < 0)
		return -1;
	return accept(sock, NULL, NULL);
}

static struct fake_counters counters;

static void release(int signal)
{
	(void)signal;
	/* Relaxed: read by the loop, which the signal has woken. */
	atomic_store_explicit(&counters.released, 1, memory_order_relaxed);
}

int main(int argc, char **argv)
{
	int sock = -1;

	if (argc == 2)
		sock = strchr(argv[1], '/') ? listen_on(argv[1]) : atoi(argv[1]);
	if (sock < 0) {
		fprintf(stderr, "usage: fake_remote FD|PATH\n");
		return 2;
	}
	signal(SIGUSR1, release);
	fake_remote_serve(sock, &counters);
	/* Relaxed: one thread. */
	printf("# resampled: %u reporting: %u\n",
	       atomic_load_explicit(&counters.resamples, memory_order_relaxed),
	       atomic_load_explicit(&counters.reporting, memory_order_relaxed));
	return 0;
}

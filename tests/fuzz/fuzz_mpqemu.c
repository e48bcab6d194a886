/* SPDX-License-Identifier: MIT */
/*
 * Any series of stock QEMU's messages does no harm: nothing is read out of
 * bounds, leaked or owned twice, and the device is free afterwards.
 *
 * The input is a list of records: command, length of the data, a nibble each for
 * the number and the first kind of file descriptors, then the data. Headers are
 * made from them, because random ones end the connection at once; command 255
 * sends the data as they are. Shorter data are filled up with zeroes to what the
 * command has, unless the length is odd.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "remote/vmm/protocols.h"
#include "tests/fuzz/fuzz.h"
#include "tests/remote/test_device.h"
#include "wire/mpqemu.h"

#define RECORD 3
#define RAW 255
#define KINDS 3
#define GUEST_PAGES 16

struct fixture {
	struct mpr_watcher watcher;
	struct mpr_timers timers;
	struct mpr_hosted *device;
	int fds[KINDS]; /* memory, eventfd, neither */
};

/* Made once, because setting up an io_uring is slow. */
static struct fixture *get_fixture(void)
{
	static struct fixture fixture;

	if (fixture.watcher.uring)
		return &fixture;
	require(mpr_uring_create(8, &fixture.watcher.uring) == 0);
	require(mpr_hosted_create(&test_device_ops, "test0", NULL, &fixture.timers,
				  &fixture.watcher, &fixture.device, &(char *){NULL}) == 0);
	fixture.fds[0] = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fixture.fds[1] = eventfd(0, EFD_CLOEXEC);
	fixture.fds[2] = STDIN_FILENO;
	require(fixture.fds[1] >= 0 && ftruncate(fixture.fds[0], GUEST_PAGES * 4096) == 0);
	return &fixture;
}

static size_t full_size(uint8_t command)
{
	switch (command) {
	case MPR_MPQEMU_SYNC_SYSMEM:
		return sizeof(struct mpr_mpqemu_memory);
	case MPR_MPQEMU_CONFIG_WRITE:
	case MPR_MPQEMU_CONFIG_READ:
		return sizeof(struct mpr_mpqemu_config);
	case MPR_MPQEMU_BAR_WRITE:
	case MPR_MPQEMU_BAR_READ:
		return sizeof(struct mpr_mpqemu_access);
	default:
		return 0;
	}
}

static void say(const struct fixture *fixture, int sock, const uint8_t *record, size_t length)
{
	uint8_t data[256] = {0};
	int fds[MPR_MPQEMU_MAX_FDS];
	unsigned nfds = record[2] & 7;

	if (record[0] == RAW) {
		(void)send(sock, record + RECORD, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	memcpy(data, record + RECORD, length);
	if (length % 2 == 0 && length < full_size(record[0]))
		length = full_size(record[0]);
	for (unsigned i = 0; i < nfds; i++)
		fds[i] = fixture->fds[(record[2] >> 4) % KINDS];
	(void)mpr_mpqemu_send(sock, record[0], data, length, fds, nfds);
}

/* Runs all timers, so that the device releases what it holds. */
static void let_time_pass(struct fixture *fixture)
{
	while (fixture->timers.first)
		(void)mpr_timers_run(&fixture->timers, UINT64_MAX);
}

static void serve(struct fixture *fixture, struct mpr_connection *connection, int sock)
{
	char bytes[4096];

	/* The loop would be told by its watch; here nothing waits. */
	(void)mpr_uring_submit(fixture->watcher.uring);
	(void)mpr_uring_reap(fixture->watcher.uring);
	while (mpr_connection_step(connection))
		;
	mpr_connection_check(connection);
	let_time_pass(fixture);
	while (recv(sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void say_all(struct fixture *fixture, struct mpr_connection *connection, int sock,
		    const uint8_t *data, size_t size)
{
	while (size >= RECORD && !connection->ended) {
		size_t length = data[1];

		if (length > size - RECORD)
			length = size - RECORD;
		say(fixture, sock, data, length);
		serve(fixture, connection, sock);
		data += RECORD + length;
		size -= RECORD + length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture *fixture = get_fixture();
	const struct mpr_hosted_list offer = {&fixture->device, 1};
	struct mpr_ram_pool pool = {0};
	struct mpr_connection *connection;
	int socks[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) == 0);
	require(mpr_connection_create(socks[1], &offer, &fixture->watcher, &pool, &mpr_any_protocol,
				      &connection) == 0);
	say_all(fixture, connection, socks[0], data, size);
	mpr_connection_destroy(connection);
	close(socks[0]);
	let_time_pass(fixture);
	while (fixture->watcher.active) {
		require(mpr_uring_wait(fixture->watcher.uring, UINT64_MAX) == 0);
		(void)mpr_uring_reap(fixture->watcher.uring);
	}
	require(!fixture->device->owner && mpr_hosted_idle(fixture->device));
	require(!pool.files);
	return 0;
}

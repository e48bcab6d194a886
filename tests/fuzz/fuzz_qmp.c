/* SPDX-License-Identifier: MIT */
/*
 * Whatever a client of a monitor sends does no harm: all of it is consumed, or the
 * client is disconnected.
 *
 * The first byte chooses HMP or QMP, and the size of the pieces in which the rest
 * is sent. The machine has an adapter that does nothing; images do not exist, so
 * that drives cannot be added.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/device.h"
#include "dev/scsi/disk/scsi_hd.h"
#include "remote/machine/cmdline.h"
#include "remote/machine/hotplug.h"
#include "remote/monitor/hmp.h"
#include "remote/monitor/qmp.h"
#include "tests/fuzz/fuzz.h"

/* ---- A machine ---------------------------------------------------------- */

static const struct mpr_pci_info null_pci = {.bar = {{MPR_BAR_MEM32, 16}}};
static const struct mpr_device_ops null_ops = {
	.model = {"null", "nothing", MPR_BUS_PCI, sizeof(struct mpr_device), NULL, NULL},
	.pci = &null_pci,
};
static const struct mpr_model *const models[] = {&null_ops.model, &mpr_scsi_hd_ops.model, NULL};

struct fixture {
	struct mpr_watcher watcher;
	struct mpr_timers timers;
};

/* Made once, because setting up an io_uring is slow. */
static struct fixture *get_fixture(void)
{
	static struct fixture fixture;

	if (!fixture.watcher.uring)
		require(mpr_uring_create(8, &fixture.watcher.uring) == 0);
	return &fixture;
}

static int open_door(void *opaque, struct mpr_endpoint *endpoint, char **error)
{
	(void)opaque;
	(void)endpoint;
	(void)error;
	return 0;
}

static void close_door(void *opaque, struct mpr_endpoint *endpoint)
{
	(void)opaque;
	(void)endpoint;
}

static void build(struct fixture *fixture, struct mpr_machine *machine, struct mpr_cmdline *cmdline)
{
	char *argv[] = {"mpring-remote",
			"-device",
			"null,id=n0",
			"-object",
			"x-remote-object,id=r0,devid=n0,path=/tmp/none",
			NULL};
	char *error;

	require(mpr_cmdline_parse(cmdline, 5, argv, models, &error) == 0);
	require(mpr_machine_build(machine, cmdline, &fixture->watcher, &fixture->timers, &error) ==
		0);
	machine->offers.endpoints.doors = (struct mpr_door_ops){open_door, close_door, NULL};
}

/* ---- A client ----------------------------------------------------------- */

static void run(struct fixture *fixture, struct mpr_machine *machine,
		struct mpr_monitor_client *client, int sock)
{
	char answers[65536];
	bool worked;

	do {
		(void)mpr_uring_submit(fixture->watcher.uring);
		worked = mpr_uring_reap(fixture->watcher.uring);
		worked |= mpr_client_step(client);
		worked |= mpr_machine_step(machine);
		worked |= recv(sock, answers, sizeof(answers), MSG_DONTWAIT) > 0;
	} while (worked && !mpr_client_ended(client));
}

static void converse(struct fixture *fixture, struct mpr_machine *machine,
		     struct mpr_monitor_client *client, int sock, const uint8_t *data, size_t size,
		     size_t piece)
{
	while (size && !mpr_client_ended(client)) {
		ssize_t n =
			send(sock, data, piece < size ? piece : size, MSG_DONTWAIT | MSG_NOSIGNAL);

		run(fixture, machine, client, sock);
		if (n <= 0)
			break;
		data += n;
		size -= (size_t)n;
	}
	(void)shutdown(sock, SHUT_WR);
	run(fixture, machine, client, sock);
	require(mpr_client_ended(client));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture *fixture = get_fixture();
	struct mpr_monitor_client *client;
	struct mpr_cmdline cmdline;
	struct mpr_machine machine;
	int socks[2];

	if (!size)
		return 0;
	build(fixture, &machine, &cmdline);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks) == 0);
	require(mpr_client_create(&machine, data[0] & 1 ? &mpr_hmp_protocol : &mpr_qmp_protocol,
				  false, socks[1], socks[1], &client) == 0);
	converse(fixture, &machine, client, socks[0], data + 1, size - 1, 1 + (data[0] >> 1) * 8u);
	mpr_client_destroy(client);
	close(socks[0]);
	while (mpr_machine_step(&machine))
		;
	while (fixture->watcher.active) {
		require(mpr_uring_wait(fixture->watcher.uring, UINT64_MAX) == 0);
		(void)mpr_uring_reap(fixture->watcher.uring);
	}
	mpr_machine_destroy(&machine);
	mpr_cmdline_free(&cmdline);
	return 0;
}

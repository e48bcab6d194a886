/* SPDX-License-Identifier: MIT */
/*
 * Any series of control messages does no harm: nothing is read out of bounds,
 * leaked or owned twice.
 *
 * The input is a list of records: type, device, length (two bytes), a nibble
 * each for the number and the first kind of file descriptors, then the payload. Valid
 * headers are made from them, because random ones end the connection at once;
 * type 0 sends the payload as it is. The doorbell is rung after each, with a descriptor.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dev/device.h"
#include "remote/device/hosted.h"
#include "remote/vmm/protocols.h"
#include "ring/channel_proxy.h"
#include "tests/fuzz/fuzz.h"
#include "wire/wire.h"

#define RECORD 5
#define KINDS 5

/* ---- A device that does nothing ----------------------------------------- */

static void null_reset(struct mpr_device *dev)
{
	(void)dev;
}

static const struct mpr_pci_info null_pci = {.bar = {{MPR_BAR_MEM32, 16}}};
static const struct mpr_device_ops null_ops = {
	.model = {"null", "nothing", MPR_BUS_PCI, sizeof(struct mpr_device), NULL, NULL},
	.pci = &null_pci,
	.reset = null_reset,
};

/* ---- The two sides ------------------------------------------------------ */

struct fixture {
	struct mpr_watcher watcher;
	struct mpr_timers timers;
	struct mpr_hosted *devices[2];
	struct mpr_channel *channel;
	int fds[KINDS]; /* channel, doorbell, memory, eventfd, something else */
	int ringer;	/* the doorbell's other end */
};

/* Made once, because setting up an io_uring is slow. */
static struct fixture *get_fixture(void)
{
	static struct fixture fixture;
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};

	if (fixture.watcher.uring)
		return &fixture;
	require(mpr_uring_create(8, &fixture.watcher.uring) == 0);
	require(mpr_channel_create(&options, &fixture.channel) == 0);
	for (int i = 0; i < 2; i++)
		require(mpr_hosted_create(&null_ops, i ? "b" : "a", NULL, &fixture.timers,
					  &fixture.watcher, &fixture.devices[i],
					  &(char *){NULL}) == 0);
	fixture.fds[0] = mpr_channel_memfd(fixture.channel);
	fixture.fds[2] = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	fixture.fds[3] = eventfd(0, EFD_CLOEXEC);
	fixture.fds[4] = open("/dev/null", O_RDWR | O_CLOEXEC);
	require(fixture.fds[3] >= 0 && fixture.fds[4] >= 0);
	require(ftruncate(fixture.fds[2], 65536) == 0);
	return &fixture;
}

/* Each session closes its doorbell and needs one of its own. */
static void make_doorbell(struct fixture *fixture)
{
	int ends[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	fixture->fds[1] = ends[0];
	fixture->ringer = ends[1];
}

static void ring(const struct fixture *fixture)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {"", 1};
	struct msghdr mh = {.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&mh);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &fixture->fds[4], sizeof(int));
	(void)sendmsg(fixture->ringer, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say(struct fixture *fixture, int sock, const uint8_t *record, size_t length)
{
	const uint8_t *payload = record + RECORD;
	struct mpr_wire_header header;
	int fds[MPR_WIRE_MAX_FDS];
	unsigned nfds = record[4] & 3;

	if (!record[0]) {
		(void)send(sock, payload, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	for (unsigned i = 0; i < nfds; i++)
		fds[i] = fixture->fds[((record[4] >> 4) + i) % KINDS];
	(void)mpr_wire_header_init(&header, record[0],
				   record[0] == MPR_WIRE_HELLO ? NULL
				   : record[1] & 1	       ? "b"
							       : "a");
	header.flags = record[1] & 0x80 ? MPR_WIRE_ANSWER : 0;
	(void)mpr_wire_send(sock, &header, payload, length, fds, nfds, 0);
}

static void drain(struct mpr_connection *session, int sock)
{
	char bytes[4096];

	while (mpr_connection_step(session))
		;
	mpr_connection_check(session);
	while (recv(sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void say_all(struct fixture *fixture, struct mpr_connection *session, int sock,
		    const uint8_t *data, size_t size)
{
	while (size >= RECORD && !session->ended) {
		size_t length = data[2] | (size_t)data[3] << 8;

		if (length > size - RECORD)
			length = size - RECORD;
		say(fixture, sock, data, length);
		ring(fixture);
		/* The loop would be told by its watch; here nothing waits. */
		(void)mpr_uring_submit(fixture->watcher.uring);
		(void)mpr_uring_reap(fixture->watcher.uring);
		drain(session, sock);
		data += RECORD + length;
		size -= RECORD + length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture *fixture = get_fixture();
	const struct mpr_hosted_list offer = {fixture->devices, 2};
	struct mpr_ram_pool pool = {0};
	struct mpr_connection *session;
	int socks[2];

	make_doorbell(fixture);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) == 0);
	require(mpr_connection_create(socks[1], &offer, &fixture->watcher, &pool,
				      &mpr_mpring_protocol, &session) == 0);
	say_all(fixture, session, socks[0], data, size);
	mpr_connection_destroy(session);
	close(socks[0]);
	close(fixture->fds[1]);
	close(fixture->ringer);
	while (fixture->watcher.active) {
		require(mpr_uring_wait(fixture->watcher.uring, UINT64_MAX) == 0);
		(void)mpr_uring_reap(fixture->watcher.uring);
	}
	for (int i = 0; i < 2; i++)
		require(!fixture->devices[i]->owner && mpr_hosted_idle(fixture->devices[i]));
	require(!pool.files);
	return 0;
}

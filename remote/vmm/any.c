/* SPDX-License-Identifier: MIT */
/* A connection whose protocol is not known yet (protocols.h). */
#include <errno.h>
#include <sys/socket.h>

#include "remote/vmm/protocols.h"
#include "wire/mpqemu.h"

static int start(struct mpr_connection *connection)
{
	(void)connection;
	return 0;
}

/*
 * QEMU's proxy begins with SYNC_SYSMEM, or with SET_IRQFD if it has no memory to
 * share. In mpring's protocol the one number is no message, and the other none that
 * can come first.
 */
static const struct mpr_protocol *protocol_of(uint8_t first)
{
	return first == MPR_MPQEMU_SYNC_SYSMEM || first == MPR_MPQEMU_SET_IRQFD
		       ? &mpr_mpqemu_protocol
		       : &mpr_mpring_protocol;
}

static bool become(struct mpr_connection *connection, const struct mpr_protocol *protocol)
{
	if (protocol->start(connection) < 0)
		return false;
	connection->protocol = protocol;
	return true;
}

static bool step(struct mpr_connection *connection)
{
	uint8_t first;
	ssize_t n;

	if (!connection->readable)
		return false;
	n = recv(connection->sock, &first, 1, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		connection->readable = false;
		return false;
	}
	if (n != 1 || !become(connection, protocol_of(first)))
		mpr_connection_end(connection, NULL);
	return true;
}

static void nothing(struct mpr_connection *connection)
{
	(void)connection;
}

const struct mpr_protocol mpr_any_protocol = {
	.start = start,
	.step = step,
	.check = nothing,
	.detach = nothing,
	.free = nothing,
};

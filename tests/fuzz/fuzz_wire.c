/* SPDX-License-Identifier: MIT */
/*
 * Proves that no bytes on the control socket do harm: the parser takes them in
 * two pieces, the first byte of the input saying where they part, and every
 * message that it lets through is checked.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "wire/wire.h"

/* Reads and checks all that the socket has; false: the connection is over. */
static bool drain(struct mpr_wire_parser *parser, int sock)
{
	const char *why;
	int ret;

	while ((ret = mpr_wire_parser_read(parser, sock)) == 1)
		mpr_wire_check(parser->msg, &why);
	return ret == 0;
}

static void feed(struct mpr_wire_parser *parser, const int sv[2], const uint8_t *data, size_t size,
		 size_t first)
{
	if (write(sv[0], data, first) != (ssize_t)first || !drain(parser, sv[1]))
		return;
	if (write(sv[0], data + first, size - first) != (ssize_t)(size - first))
		return;
	drain(parser, sv[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mpr_wire_parser parser;
	int sv[2];

	if (!size || size > sizeof(struct mpr_wire_header) + MPR_WIRE_MAX_PAYLOAD)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv) < 0)
		abort();
	if (mpr_wire_parser_init(&parser) < 0)
		abort();
	feed(&parser, sv, data + 1, size - 1, data[0] % size);
	mpr_wire_parser_fini(&parser);
	close(sv[0]);
	close(sv[1]);
	return 0;
}

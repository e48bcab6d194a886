/* SPDX-License-Identifier: MIT */
/*
 * Sending and receiving control messages (wire/protocol.h) on a Unix stream
 * socket, with their file descriptors.
 *
 * Two receivers: mpr_wire_recv() blocks, for the proxy, which waits for one answer;
 * struct mpr_wire_parser takes bytes as they come, for the remote, which must not block.
 * Both bound everything that they accept.
 */
#ifndef MPR_WIRE_WIRE_H
#define MPR_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/patience.h"
#include "wire/protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A received message. Owns its file descriptors until they are taken (a taken
 * one is set to -1). */
struct mpr_wire_msg {
	struct mpr_wire_header header;
	int fds[MPR_WIRE_MAX_FDS];
	uint8_t payload[MPR_WIRE_MAX_PAYLOAD] __attribute__((aligned(8)));
};

/* Fills in a header. `id` may be NULL (HELLO). -ENAMETOOLONG or 0. */
int mpr_wire_header_init(struct mpr_wire_header *header, enum mpr_wire_type type, const char *id);

/*
 * Sends header and payload, whole, with nfds file descriptors (copies: the
 * caller keeps its own). Sets header->length and nfds. Waits for at most
 * timeout_ms for a peer that does not read. 0 or negative errno; -EPIPE when
 * the peer is gone (no SIGPIPE).
 */
int mpr_wire_send(int sock, struct mpr_wire_header *header, const void *payload, size_t length,
		  const int *fds, unsigned nfds, int timeout_ms);

/* Receives one whole message. 0; -ECONNRESET: the peer is gone; -ETIMEDOUT;
 * -EPROTO: malformed. On error no file descriptor is kept. */
int mpr_wire_recv(int sock, struct mpr_wire_msg *msg, int timeout_ms);

/* The same within a time that several waits share. */
int mpr_wire_send_within(int sock, struct mpr_wire_header *header, const void *payload,
			 size_t length, const int *fds, unsigned nfds,
			 struct mpr_patience *patience);
int mpr_wire_recv_within(int sock, struct mpr_wire_msg *msg, struct mpr_patience *patience);

/* Closes the file descriptors that were not taken. */
void mpr_wire_msg_release(struct mpr_wire_msg *msg);

/*
 * The incremental receiver. Reads without blocking what the socket has.
 * 1: *parser->msg is a whole message; handle it, then call again. 0: need
 * more bytes (poll). -ECONNRESET, -EPROTO: close the connection.
 */
struct mpr_wire_parser {
	struct mpr_wire_msg *msg; /* owned */
	size_t have;		  /* bytes of header and payload so far */
	unsigned nfds;		  /* file descriptors so far */
	bool misplaced;		  /* one came that does not belong to the message */
};
int mpr_wire_parser_init(struct mpr_wire_parser *parser);
int mpr_wire_parser_read(struct mpr_wire_parser *parser, int sock);
void mpr_wire_parser_fini(struct mpr_wire_parser *parser);

/* Checks a message's type, payload length, number of file descriptors, id, reserved
 * fields, and all else that can be checked without knowing the receiver's state. 0, or
 * -EPROTO with *why set to a constant string. */
int mpr_wire_check(const struct mpr_wire_msg *msg, const char **why);

/* The part of it about guest memory: whole pages, sorted, disjoint, each in one of nfds
 * files. */
int mpr_wire_check_regions(const struct mpr_wire_region *regions, size_t count, unsigned nfds,
			   const char **why);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Closing what a peer sent. close() may wait for whom the peer chose: for the other
 * end of a TCP socket with SO_LINGER, for the server of a FUSE file. So a descriptor
 * of a kind that is not known to close at once is closed by a thread that nobody waits
 * for. The thread is there only while it has something to close.
 *
 * A Unix socket closes the descriptors that lie in it unread, and so does a read
 * that has no room for them (MPR_DISCARD_ROOM).
 *
 * Any thread.
 */
#ifndef MPR_RING_DISCARD_H
#define MPR_RING_DISCARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room in a message's control data for all descriptors that one read can bring (253),
 * and for what else a peer can have come with them (credentials, a label, a pidfd). */
#define MPR_DISCARD_ROOM (CMSG_SPACE(sizeof(int) * 253) + 1024)

/* Closes a descriptor that nobody wants, now or soon. -1 is ignored. Where there is no
 * memory for that it stays open. */
void mpr_discard(int fd);

/* Hangs up a Unix socket, for all who have this end of it, and closes it. -1 is
 * ignored. */
void mpr_discard_socket(int sock);

/* Closes all descriptors in a received message's control data. True: there were some. */
bool mpr_discard_received(struct msghdr *msg);

/* As recv(), without waiting, for a peer that has no descriptors to send: those that
 * come are discarded. */
ssize_t mpr_discard_and_receive(int sock, void *buf, size_t size);

/* To be called before the first read from a Unix socket: an urgent byte comes like the
 * others, with its descriptors. (Else a read that passes over it closes them.) */
void mpr_discard_prepare(int sock);

#ifdef __cplusplus
}
#endif

#endif

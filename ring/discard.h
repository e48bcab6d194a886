/* SPDX-License-Identifier: MIT */
/*
 * Closing what a peer sent. close() may wait for whom the peer chose: for the other
 * end of a TCP socket with SO_LINGER, for the server of a FUSE file. So a descriptor
 * of a kind that is not known to close at once is closed by a thread that nobody waits
 * for. The thread is there only while it has something to close.
 *
 * A Unix socket closes the descriptors that lie in it unread, and so does a read
 * that has no room for them (ring/fds.h has it).
 *
 * Any thread.
 */
#ifndef MPR_RING_DISCARD_H
#define MPR_RING_DISCARD_H

#ifdef __cplusplus
extern "C" {
#endif

/* Closes a descriptor that nobody wants, now or soon. -1 is ignored. Where there is no
 * memory for that it stays open. */
void mpr_discard(int fd);

/* Hangs up a Unix socket, for all who have this end of it, and closes it. -1 is
 * ignored. */
void mpr_discard_socket(int sock);

/* To be called before the first read from a Unix socket: an urgent byte comes like the
 * others, with its descriptors. (Else a read that passes over it closes them.) */
void mpr_discard_prepare(int sock);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Closing what a peer sent. With a descriptor of the peer's choice close() may block: on
 * a TCP socket with SO_LINGER, on the server of a FUSE file. So any descriptor that is
 * not known to close at once is closed by a thread that nobody waits for. The thread
 * exists only while it has something to close.
 *
 * Closing a Unix socket closes the descriptors that lie in it unread, and a read without
 * room for them closes them, too (ring/fds.h has room).
 *
 * Any thread.
 */
#ifndef MPR_RING_DISCARD_H
#define MPR_RING_DISCARD_H

#ifdef __cplusplus
extern "C" {
#endif

/* Closes a descriptor, at once or in the thread. -1 is ignored. Without memory to queue
 * it, it stays open. */
void mpr_discard(int fd);

/* Shuts a Unix socket down, for every process that has this end, and closes it. -1 is
 * ignored. */
void mpr_discard_socket(int sock);

/* Call it before the first read from a Unix socket: out-of-band bytes come in line then,
 * with their descriptors. Otherwise a read that skips such a byte closes them. */
void mpr_discard_prepare(int sock);

#ifdef __cplusplus
}
#endif

#endif

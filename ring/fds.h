/* SPDX-License-Identifier: MIT */
/*
 * File descriptors that go along with bytes on a Unix socket (SCM_RIGHTS). Nothing here
 * waits. Any thread.
 *
 * A peer may send descriptors with any byte, as many as the kernel allows. They are open in this
 * process once the byte was read, so each must be kept or discarded (ring/discard.h).
 */
#ifndef MPR_RING_FDS_H
#define MPR_RING_FDS_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Descriptors that one call can send. */
#define MPR_FDS_MAX 32

/*
 * Sends what the socket has room for. The descriptors, at most MPR_FDS_MAX, go with the
 * first byte and stay the caller's. Bytes sent; -EAGAIN: no room; or negative errno, with
 * -EPIPE for whatever says that the peer has gone.
 */
ssize_t mpr_fds_send(int sock, const struct iovec *parts, size_t part_count, const int *fds,
		     unsigned nfds);

/* Takes over a descriptor that came. -1: some came that cannot be had, because this process
 * has too many, or because they are of a kind that no peer of ours sends. */
typedef void (*mpr_fds_fn)(void *opaque, int fd);

/*
 * Receives what is there, up to `size` bytes, and gives each descriptor that came along to
 * keep(); NULL discards them. Bytes received; 0: the peer will send no more; -EAGAIN:
 * nothing is there now; or negative errno.
 */
ssize_t mpr_fds_receive(int sock, void *buf, size_t size, mpr_fds_fn keep, void *opaque);

#ifdef __cplusplus
}
#endif

#endif

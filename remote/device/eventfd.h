/* SPDX-License-Identifier: MIT */
/*
 * Signalling eventfds that a peer sent. A write() could block: the peer shares the file,
 * so it can clear O_NONBLOCK and fill the counter. A signal from within the kernel never
 * blocks. So each eventfd is registered with an io_uring of its own, which signals it
 * when a no-op completes.
 */
#ifndef MPR_REMOTE_DEVICE_EVENTFD_H
#define MPR_REMOTE_DEVICE_EVENTFD_H

#include <stdbool.h>

struct mpr_eventfd;

/* Whether fd is an eventfd. Any other kind of file might block, or do something when
 * written to. */
bool mpr_eventfd_is_one(int fd);

/* Opens an eventfd for signalling. fd stays the caller's and may be closed at once. 0;
 * -EINVAL: it is not an eventfd; negative errno. */
int mpr_eventfd_open(int fd, struct mpr_eventfd **eventfd);

/* Adds one to the counter, unless it is full. NULL is ignored. One system call, which
 * does not block. */
void mpr_eventfd_signal(struct mpr_eventfd *eventfd);

/* NULL is ignored. */
void mpr_eventfd_close(struct mpr_eventfd *eventfd);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Eventfds that a peer sent. Whether a write to one waits is up to whoever has it:
 * the non-blocking flag belongs to both sides, and so does the counter, which can be
 * full. The kernel's own signals never wait. So an eventfd is signalled by the kernel,
 * as the one that tells of completions in an io_uring where nothing else happens.
 */
#ifndef MPR_REMOTE_DEVICE_EVENTFD_H
#define MPR_REMOTE_DEVICE_EVENTFD_H

#include <stdbool.h>

struct mpr_eventfd;

/* Whether fd is an eventfd, and not another kind of file, which might wait or mean
 * something. */
bool mpr_eventfd_is_one(int fd);

/* Opens an eventfd for signals. fd stays the caller's and may be closed at once. 0;
 * -EINVAL: it is none; negative errno. */
int mpr_eventfd_open(int fd, struct mpr_eventfd **eventfd);

/* Adds one to the counter; a full one stays as it is. NULL is ignored. One system call,
 * which does not wait for anybody. */
void mpr_eventfd_signal(struct mpr_eventfd *eventfd);

/* NULL is ignored. */
void mpr_eventfd_close(struct mpr_eventfd *eventfd);

#endif

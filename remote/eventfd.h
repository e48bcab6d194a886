/* SPDX-License-Identifier: MIT */
/* Eventfds that a peer sent: that they are some, and that they never block. */
#ifndef MPR_REMOTE_EVENTFD_H
#define MPR_REMOTE_EVENTFD_H

/* Makes sure that fd is an eventfd, and not another kind of file, whose write
 * might block or mean something, and makes it non-blocking. 0 or -EINVAL. */
int mpr_eventfd_adopt(int fd);

#endif

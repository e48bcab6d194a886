/* SPDX-License-Identifier: MIT */
#include "remote/device/eventfd.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

struct mpr_eventfd {
	struct io_uring ring;
};

int mpr_eventfd_open(int fd, struct mpr_eventfd **result)
{
	struct mpr_eventfd *eventfd = calloc(1, sizeof(*eventfd));
	int ret;

	if (!eventfd)
		return -ENOMEM;
	ret = io_uring_queue_init(1, &eventfd->ring, 0);
	if (ret < 0) {
		free(eventfd);
		return ret;
	}
	/* Fails with -EINVAL on any other file. */
	ret = io_uring_register_eventfd(&eventfd->ring, fd);
	if (ret < 0) {
		mpr_eventfd_close(eventfd);
		return ret;
	}
	/* Spares each system call the look-up of the descriptor; optional. */
	(void)io_uring_register_ring_fd(&eventfd->ring);
	*result = eventfd;
	return 0;
}

void mpr_eventfd_signal(struct mpr_eventfd *eventfd)
{
	struct io_uring_sqe *sqe;

	if (!eventfd)
		return;
	/* NULL: the entry of the last signal is still queued, because the kernel had no
	 * memory then; it is submitted now. */
	sqe = io_uring_get_sqe(&eventfd->ring);
	if (sqe)
		io_uring_prep_nop(sqe);
	(void)io_uring_submit(&eventfd->ring);
	io_uring_cq_advance(&eventfd->ring, io_uring_cq_ready(&eventfd->ring));
}

void mpr_eventfd_close(struct mpr_eventfd *eventfd)
{
	if (!eventfd)
		return;
	io_uring_queue_exit(&eventfd->ring);
	free(eventfd);
}

/* Not by /proc/self/fd: after -chroot it may not be there. */
bool mpr_eventfd_is_one(int fd)
{
	struct mpr_eventfd *eventfd;
	int ret = mpr_eventfd_open(fd, &eventfd);

	if (ret == 0)
		mpr_eventfd_close(eventfd);
	return ret == 0;
}

/* SPDX-License-Identifier: MIT */
#include "remote/device/doorbell.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A socket has room for a few hundred rings; a read by a kernel thread costs as much as
 * a wake-up. */
#define RINGS_PER_READ 16

struct mpr_doorbell {
	struct mpr_uring_op read;
	struct mpr_watcher *watcher;
	struct mpr_watch *watch;
	int sock;
	unsigned rings; /* since the last read */
	bool reading, closed;
	char bytes[256]; /* that are read; they mean nothing */
};

static void give_up(struct mpr_doorbell *doorbell)
{
	mpr_watch_stop_and_discard(doorbell->watch);
	free(doorbell);
}

static void on_read(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_doorbell *doorbell = (void *)((char *)op - offsetof(struct mpr_doorbell, read));

	(void)res; /* what is left is read next time */
	(void)flags;
	doorbell->reading = false;
	if (doorbell->closed)
		give_up(doorbell);
}

static void read_elsewhere(struct mpr_doorbell *doorbell)
{
	struct io_uring_sqe *sqe = mpr_uring_sqe(doorbell->watcher->uring, &doorbell->read);

	io_uring_prep_recv(sqe, doorbell->sock, doorbell->bytes, sizeof(doorbell->bytes),
			   MSG_DONTWAIT);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	doorbell->reading = true;
	doorbell->rings = 0;
}

static void on_ring(void *opaque)
{
	struct mpr_doorbell *doorbell = opaque;

	doorbell->rings++;
	if (doorbell->rings >= RINGS_PER_READ && !doorbell->reading && !doorbell->closed)
		read_elsewhere(doorbell);
}

struct mpr_doorbell *mpr_doorbell_open(struct mpr_watcher *watcher, int sock)
{
	struct mpr_doorbell *doorbell = calloc(1, sizeof(*doorbell));

	if (!doorbell)
		return NULL;
	doorbell->read.fn = on_read;
	doorbell->watcher = watcher;
	doorbell->sock = sock;
	doorbell->watch = mpr_watch_start(watcher, sock, on_ring, doorbell);
	if (doorbell->watch)
		return doorbell;
	free(doorbell);
	return NULL;
}

void mpr_doorbell_close(struct mpr_doorbell *doorbell)
{
	if (!doorbell)
		return;
	(void)shutdown(doorbell->sock, SHUT_RDWR);
	doorbell->closed = true;
	if (!doorbell->reading)
		give_up(doorbell);
}

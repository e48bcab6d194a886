/* SPDX-License-Identifier: MIT */
#include "blk/transfer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "blk/driver.h"
#include "blk/file.h"

static unsigned min_unsigned(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Moves the position on, past elements that are done or empty. */
static void advance(struct mpr_transfer *t, uint64_t bytes)
{
	t->offset += bytes;
	t->len -= bytes;
	t->skip += bytes;
	while (t->niov && t->skip >= t->iov->iov_len) {
		t->skip -= t->iov->iov_len;
		t->iov++;
		t->niov--;
	}
}

/* Queues the next operation: the rest of an element that was cut, or a run of
 * whole ones. */
static void issue(struct mpr_transfer *t)
{
	struct io_uring_sqe *sqe = mpr_uring_sqe(t->ring, &t->op);
	const struct iovec *iov = t->iov;
	unsigned niov = min_unsigned(t->niov, IOV_MAX);

	if (t->skip) {
		t->rest.iov_base = (char *)iov->iov_base + t->skip;
		t->rest.iov_len = iov->iov_len - t->skip;
		iov = &t->rest;
		niov = 1;
	}
	if (t->write)
		io_uring_prep_writev2(sqe, t->file->fd, iov, niov, t->offset, t->rw_flags);
	else
		io_uring_prep_readv2(sqe, t->file->fd, iov, niov, t->offset, t->rw_flags);
}

/* Fills what is left with zeros. */
static void zero_rest(struct mpr_transfer *t)
{
	while (t->len) {
		uint64_t n = t->iov->iov_len - t->skip;

		memset((char *)t->iov->iov_base + t->skip, 0, n);
		advance(t, n);
	}
}

/* The file ends at the position: in the middle of its last sector, as when it
 * was opened, or because somebody cut it off. */
static int end_of_file(struct mpr_transfer *t)
{
	if (t->offset < t->file->length)
		return -EIO;
	zero_rest(t);
	return 0;
}

/* `bytes` were moved, fewer than asked for or not. 0: done; -EAGAIN: there is
 * more to do; or the error to end with. */
static int progress(struct mpr_transfer *t, uint64_t bytes)
{
	uint64_t odd = bytes & (t->file->offset_align - 1);

	if (!t->write && bytes < t->len && (bytes == 0 || odd)) {
		/* Direct I/O stops between blocks only at the end of the file. */
		advance(t, bytes);
		return end_of_file(t);
	}
	if (bytes - odd == 0)
		return -EIO;
	advance(t, bytes - odd);
	return t->len ? -EAGAIN : 0;
}

static void transfer_done(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_transfer *t = mpr_container_of(op, struct mpr_transfer, op);
	int result = res == -EINTR ? -EAGAIN : res;

	(void)flags;
	if (res >= 0)
		result = progress(t, res);
	if (result == -EAGAIN)
		issue(t);
	else
		t->fn(t, result);
}

void mpr_transfer_start(struct mpr_transfer *t)
{
	t->op.fn = transfer_done;
	t->skip = 0;
	advance(t, 0);
	issue(t);
}

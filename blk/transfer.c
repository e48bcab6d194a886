/* SPDX-License-Identifier: MIT */
#include "blk/transfer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "blk/driver.h"
#include "blk/file.h"

/* An element too long for the length of a submission entry goes as a vector,
 * of which the kernel takes what it can. */
#define SINGLE_MAX (1u << 30)

static unsigned min_unsigned(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Advances the position, past elements that are done or empty. */
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

/* ---- Operations --------------------------------------------------------- */

/* The four forms of an operation, for a read and for a write. */
enum form { SINGLE, VECTOR, FIXED_SINGLE, FIXED_VECTOR };

static const uint8_t opcodes[][2] = {
	[SINGLE] = {IORING_OP_READ, IORING_OP_WRITE},
	[VECTOR] = {IORING_OP_READV, IORING_OP_WRITEV},
	[FIXED_SINGLE] = {IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED},
	[FIXED_VECTOR] = {MPR_URING_READV_FIXED, MPR_URING_WRITEV_FIXED},
};

static void prepare(const struct mpr_transfer *t, struct io_uring_sqe *sqe, enum form form,
		    const void *addr, uint32_t len)
{
	io_uring_prep_rw(opcodes[form][t->write], sqe, t->file->fd, addr, len, t->offset);
	sqe->rw_flags = t->rw_flags;
	sqe->flags |= mpr_retry_flags(&t->retry);
	mpr_uring_use_file(sqe, t->file->slot);
}

/* Only direct I/O gains from registered memory. */
static int find_memory(const struct mpr_transfer *t, const struct iovec *iov, unsigned niov)
{
	if (t->file->offset_align == 1 ||
	    (niov > 1 && !mpr_uring_has_fixed_vectors(t->file->io_ring)))
		return -1;
	return mpr_uring_find_memory(t->file->io_ring, iov, niov);
}

static void issue_run(struct mpr_transfer *t, const struct iovec *iov, unsigned niov)
{
	struct io_uring_sqe *sqe = mpr_uring_sqe(t->file->io_ring, &t->retry.op);
	int buffer = find_memory(t, iov, niov);
	bool fixed = buffer >= 0;

	if (niov == 1 && iov->iov_len <= SINGLE_MAX)
		prepare(t, sqe, fixed ? FIXED_SINGLE : SINGLE, iov->iov_base,
			(uint32_t)iov->iov_len);
	else
		prepare(t, sqe, fixed ? FIXED_VECTOR : VECTOR, iov, niov);
	if (fixed)
		sqe->buf_index = (uint16_t)buffer;
}

/* Queues the next operation: the rest of an element that was cut, or a run of
 * whole ones. */
static void issue(struct mpr_transfer *t)
{
	if (t->skip) {
		t->rest.iov_base = (char *)t->iov->iov_base + t->skip;
		t->rest.iov_len = t->iov->iov_len - t->skip;
		issue_run(t, &t->rest, 1);
	} else {
		issue_run(t, t->iov, min_unsigned(t->niov, IOV_MAX));
	}
}

/* ---- Progress ----------------------------------------------------------- */

/* Fills what is left with zeros. */
static void zero_rest(struct mpr_transfer *t)
{
	while (t->len) {
		uint64_t n = t->iov->iov_len - t->skip;

		memset((char *)t->iov->iov_base + t->skip, 0, n);
		advance(t, n);
	}
}

/* The file ends at the position: within its last sector, as when it was opened, or
 * because it was truncated. */
static int end_of_file(struct mpr_transfer *t)
{
	if (t->offset < t->file->length)
		return -EIO;
	zero_rest(t);
	return 0;
}

/* `bytes` were moved, perhaps fewer than asked for. 0: done; 1: there is more to do; or
 * the error to end with. */
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
	return t->len ? 1 : 0;
}

static void transfer_done(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_transfer *t = mpr_container_of(op, struct mpr_transfer, retry.op);
	int result;

	(void)flags;
	if (res < 0 && mpr_retry_after(&t->retry, &res))
		return;
	result = res < 0 ? res : progress(t, res);
	if (result > 0) {
		t->retry.tries = 0;
		issue(t);
	} else {
		t->fn(t, result);
	}
}

static void issue_again(struct mpr_retry *retry)
{
	issue(mpr_container_of(retry, struct mpr_transfer, retry));
}

void mpr_transfer_start(struct mpr_transfer *t)
{
	t->retry = (struct mpr_retry){
		.op.fn = transfer_done,
		.ring = t->file->ring,
		.issue = issue_again,
		.req = t->retry.req,
	};
	t->skip = 0;
	advance(t, 0);
	issue(t);
}

/* SPDX-License-Identifier: MIT */
#include "blk/sync.h"

#include <errno.h>

#include "blk/driver.h"

static void issue(struct mpr_retry *retry)
{
	struct mpr_syncs *syncs = mpr_container_of(retry, struct mpr_syncs, retry);
	const struct mpr_sync *sync = syncs->covered;
	const struct mpr_file *file = syncs->file;
	struct io_uring_sqe *sqe = mpr_uring_sqe(file->ring, &retry->op);

	io_uring_prep_fsync(sqe, file->fd, IORING_FSYNC_DATASYNC);
	if (!sync->next && sync->len <= UINT32_MAX) {
		sqe->off = sync->offset;
		sqe->len = (uint32_t)sync->len;
	}
	sqe->flags |= mpr_retry_flags(retry);
	if (file->io_ring == file->ring)
		mpr_uring_use_file(sqe, file->slot);
}

static void call(struct mpr_sync *sync, int result)
{
	while (sync) {
		struct mpr_sync *next = sync->next;

		sync->fn(sync, result);
		sync = next;
	}
}

static void on_synced(struct mpr_uring_op *op, int32_t res, uint32_t flags);

/* For all who wait. */
static void start_next(struct mpr_syncs *syncs)
{
	syncs->covered = syncs->first;
	syncs->first = syncs->last = NULL;
	if (!syncs->covered)
		return;
	syncs->retry = (struct mpr_retry){
		.op.fn = on_synced,
		.ring = syncs->file->ring,
		.issue = issue,
		.req = syncs->covered->next ? NULL : syncs->covered->req,
	};
	issue(&syncs->retry);
}

/* Those who are told may ask again, and wait then. */
static void on_synced(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_syncs *syncs = mpr_container_of(op, struct mpr_syncs, retry.op);

	(void)flags;
	if (res < 0 && mpr_retry_after(&syncs->retry, &res))
		return;
	/* Whoever is given up, or tried too often, lost nothing. */
	if (res < 0 && res != -EAGAIN && res != -EINTR && syncs->cached)
		syncs->error = res;
	call(syncs->covered, syncs->error ? syncs->error : res);
	start_next(syncs);
}

void mpr_sync_start(struct mpr_syncs *syncs, struct mpr_sync *sync)
{
	sync->next = NULL;
	if (syncs->last)
		syncs->last->next = sync;
	else
		syncs->first = sync;
	syncs->last = sync;
	if (!syncs->covered)
		start_next(syncs);
}

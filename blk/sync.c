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

/* Every request that waits for it has been given up. */
static bool all_given_up(const struct mpr_syncs *syncs)
{
	for (const struct mpr_sync *sync = syncs->covered; sync; sync = sync->next)
		if (!sync->req->given_up)
			return false;
	return true;
}

/* So that giving one of its requests up can end the pause. */
static void note_pause(struct mpr_syncs *syncs)
{
	for (struct mpr_sync *sync = syncs->covered; sync; sync = sync->next)
		sync->req->retry = syncs->retry.paused ? &syncs->retry : NULL;
}

/* True: it is tried again. */
static bool try_again(struct mpr_syncs *syncs, int32_t *res)
{
	bool wanted = !all_given_up(syncs);
	bool again;

	/* One of several requests was given up and ended the pause; the others go on. */
	if (syncs->retry.paused && wanted)
		*res = -ETIME;
	again = (wanted || syncs->retry.paused) && mpr_retry_after(&syncs->retry, res);
	note_pause(syncs);
	return again;
}

/* The last call may close the image, so this reads the next one first. */
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
	};
	issue(&syncs->retry);
}

static void on_synced(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	struct mpr_syncs *syncs = mpr_container_of(op, struct mpr_syncs, retry.op);
	struct mpr_sync *covered = syncs->covered;

	(void)flags;
	if (res < 0 && try_again(syncs, &res))
		return;
	/* EAGAIN and EINTR, given up or tried too often: no data was lost. */
	if (res < 0 && res != -EAGAIN && res != -EINTR && syncs->cached)
		syncs->error = res;
	if (syncs->error)
		res = syncs->error;
	start_next(syncs);
	call(covered, res);
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

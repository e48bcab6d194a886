/* SPDX-License-Identifier: MIT */
#include "remote/storage/flush.h"

#include <stdlib.h>
#include <string.h>

#include "remote/process/log.h"

struct flush {
	struct mpr_blk_req req; /* first */
	const struct mpr_drive *drive;
};

static void on_flushed(struct mpr_blk_req *req, int result)
{
	struct flush *flush = (struct flush *)req;

	if (result < 0)
		mpr_log(mpr_drive_name(flush->drive), "cannot be flushed: %s", strerror(-result));
	free(flush);
}

void mpr_flush_drive(const struct mpr_drive *drive)
{
	struct flush *flush;

	if (mpr_blk_read_only(drive->blk) || !mpr_blk_write_cache(drive->blk))
		return;
	flush = calloc(1, sizeof(*flush));
	if (!flush) {
		mpr_log(mpr_drive_name(drive), "cannot be flushed: out of memory");
		return;
	}
	flush->drive = drive;
	flush->req.op = MPR_BLK_FLUSH;
	flush->req.report = true;
	flush->req.done = on_flushed;
	mpr_blk_submit(drive->blk, &flush->req);
}

void mpr_flush_start(struct mpr_storage *storage)
{
	for (size_t i = 0; i < storage->count; i++)
		mpr_flush_drive(storage->drives[i]);
}

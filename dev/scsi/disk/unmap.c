/* SPDX-License-Identifier: MIT */
/* UNMAP (SBC-3, 5.28): a list of extents, each of which is discarded in its turn. */
#include "dev/scsi/bytes.h"
#include "dev/scsi/disk/disk_lu.h"

#define HEADER 8
#define DESCRIPTOR 16

static struct scsi_extent extent_at(const uint8_t *list, size_t at)
{
	const uint8_t *descriptor = list + HEADER + at;

	return (struct scsi_extent){scsi_get64(descriptor), scsi_get32(descriptor + 8)};
}

/* True when every extent is on the medium and all are not too many; else the task
 * was ended. */
static bool check_extents(struct scsi_task *t, const uint8_t *list, size_t size)
{
	uint64_t blocks = 0;

	for (size_t at = 0; at < size; at += DESCRIPTOR) {
		struct scsi_extent extent = extent_at(list, at);

		if (!scsi_disk_in_range(t, extent))
			return false;
		blocks += extent.blocks;
	}
	if (size <= SCSI_UNMAP_DESCRIPTORS * DESCRIPTOR &&
	    blocks <= scsi_disk_of(t)->max_unmap_blocks)
		return true;
	scsi_task_check(t, SENSE_INVALID_FIELD_IN_LIST);
	return false;
}

/* t->rw.offset is the next extent's place in the list, t->rw.left how much follows. */
static void unmap_next(struct scsi_task *t)
{
	struct scsi_extent extent;

	if (!t->rw.left) {
		scsi_task_good(t);
		return;
	}
	extent = extent_at(t->buf, (size_t)t->rw.offset);
	t->rw.offset += DESCRIPTOR;
	t->rw.left -= DESCRIPTOR;
	t->iov = (struct iovec){NULL, extent.blocks * t->lu->block_size};
	t->req.op = MPR_BLK_DISCARD;
	t->req.fua = false;
	t->req.offset = extent.lba * t->lu->block_size;
	t->req.iov = &t->iov;
	t->req.niov = 1;
	scsi_task_io(t, scsi_disk_of(t)->blk, unmap_next);
}

/* What does not fill a descriptor is no part of the list. */
static void list_received(struct scsi_task *t, const uint8_t *list, size_t len)
{
	size_t size = len >= HEADER ? scsi_get16(list + 2) / DESCRIPTOR * DESCRIPTOR : 0;

	if (len < HEADER || size > len - HEADER) {
		scsi_task_check(t, SENSE_LIST_LENGTH);
		return;
	}
	if (!check_extents(t, list, size))
		return;
	t->rw.offset = 0;
	t->rw.left = size;
	unmap_next(t);
}

void scsi_disk_unmap(struct scsi_task *t)
{
	struct scsi_sense why;

	if (scsi_disk_write_protected(scsi_disk_of(t), &why))
		scsi_task_check(t, why);
	else if (!t->pub.length)
		scsi_task_good(t);
	else
		scsi_task_receive(t, list_received);
}

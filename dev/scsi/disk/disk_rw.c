/* SPDX-License-Identifier: MIT */
/*
 * Commands that move logical blocks.
 *
 * READ: one request straight into the memory that the adapter offered, or,
 * chunk by chunk, into a buffer of the task's own. Data out goes chunk by
 * chunk: the adapter brings the bytes, they are written from where they are,
 * and read back for comparison if the command says so.
 */
#include <stdlib.h>
#include <string.h>

#include "dev/scsi/disk/disk_lu.h"
#include "dev/scsi/sg.h"

#define VERSION_SCSI_2 2

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- Before the first byte -------------------------------------------- */

bool scsi_disk_in_range(struct scsi_task *t, struct scsi_extent extent)
{
	uint64_t capacity = scsi_disk_of(t)->blocks;

	if (extent.blocks <= capacity && extent.lba <= capacity - extent.blocks)
		return true;
	scsi_task_check(t, SENSE_LBA_OUT_OF_RANGE);
	return false;
}

static bool is_6_byte(const struct scsi_task *t)
{
	return scsi_cdb_length(t->cdb[0]) == 6;
}

/* The CDB's flags; the 6-byte commands have none. */
static uint8_t flags_of(const struct scsi_task *t)
{
	return is_6_byte(t) ? 0 : t->cdb[1];
}

/* FUA or FUA_NV. Only for READ and WRITE: others have other flags in these bits. */
static bool forces_access(const struct scsi_task *t)
{
	return flags_of(t) & (SCSI_CDB_FUA | SCSI_CDB_FUA_NV);
}

/* There is no protection information. In SCSI-2 these bits are the logical unit number,
 * which is ignored. */
static bool wants_protection(const struct scsi_task *t)
{
	return flags_of(t) & SCSI_CDB_PROTECT && scsi_disk_of(t)->version > VERSION_SCSI_2;
}

/* Checks the CDB and fills in where t->rw begins, and how much there is to do. */
static bool prepare(struct scsi_task *t)
{
	struct scsi_extent extent = scsi_cdb_extent(t->cdb);
	uint32_t block_size = t->lu->block_size;

	if (wants_protection(t) || extent.blocks > scsi_disk_of(t)->max_io_blocks) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return false;
	}
	if (!scsi_disk_in_range(t, extent))
		return false;
	t->rw.offset = extent.lba * block_size;
	t->rw.left = extent.blocks * block_size;
	return true;
}

static bool may_write(struct scsi_task *t)
{
	struct scsi_sense why;

	if (!scsi_disk_write_protected(scsi_disk_of(t), &why))
		return true;
	scsi_task_check(t, why);
	return false;
}

uint64_t scsi_disk_extent_bytes(const struct scsi_task *t)
{
	return scsi_cdb_extent(t->cdb).blocks * t->lu->block_size;
}

/* ---- Requests --------------------------------------------------------- */

static void submit(struct scsi_task *t, enum mpr_blk_op op, const struct iovec *iov, unsigned niov,
		   scsi_io_fn then)
{
	t->req.op = op;
	t->req.fua = op == MPR_BLK_WRITE && t->rw.fua;
	t->req.offset = t->rw.offset;
	t->req.iov = iov;
	t->req.niov = niov;
	scsi_task_io(t, scsi_disk_of(t)->blk, then);
}

/* Reads the current chunk into the task's buffer. */
static void read_to_buffer(struct scsi_task *t, scsi_io_fn then)
{
	t->iov = (struct iovec){t->buf, t->rw.chunk};
	submit(t, MPR_BLK_READ, &t->iov, 1, then);
}

static void advance(struct scsi_task *t)
{
	t->rw.offset += t->rw.chunk;
	t->rw.left -= t->rw.chunk;
}

/* ---- READ ------------------------------------------------------------- */

static void read_chunk(struct scsi_task *t);

static void chunk_sent(struct scsi_task *t, const struct iovec *sg, unsigned nsg)
{
	(void)sg;
	(void)nsg;
	advance(t);
	if (t->rw.left)
		read_chunk(t);
	else
		scsi_task_good(t);
}

static void chunk_read(struct scsi_task *t)
{
	scsi_task_move(t, t->buf, t->rw.chunk, chunk_sent);
}

static void read_chunk(struct scsi_task *t)
{
	t->rw.chunk = (size_t)min_u64(t->rw.left, MPR_SCSI_MAX_CHUNK);
	if (scsi_task_buffer(t, t->rw.chunk))
		read_to_buffer(t, chunk_read);
}

static void read_in_place_done(struct scsi_task *t)
{
	scsi_task_move(t, NULL, t->rw.chunk, chunk_sent);
}

/* The offered list, ending with the last byte; NULL when out of memory. */
static const struct iovec *trimmed_sg(struct scsi_task *t, unsigned *niov)
{
	size_t last;

	*niov = scsi_sg_prefix(t->sg, t->rw.left, &last);
	if (t->sg[*niov - 1].iov_len == last)
		return t->sg;
	t->trimmed = malloc(*niov * sizeof(*t->trimmed));
	if (!t->trimmed)
		return NULL;
	memcpy(t->trimmed, t->sg, *niov * sizeof(*t->trimmed));
	t->trimmed[*niov - 1].iov_len = last;
	return t->trimmed;
}

static void read_in_place(struct scsi_task *t)
{
	unsigned niov;
	const struct iovec *iov = trimmed_sg(t, &niov);

	if (!iov) {
		scsi_task_end(t, MPR_SCSI_BUSY);
		return;
	}
	t->rw.chunk = (size_t)t->rw.left;
	submit(t, MPR_BLK_READ, iov, niov, read_in_place_done);
}

static void read_begin(struct scsi_task *t)
{
	if (scsi_sg_length(t->sg, t->nsg) >= t->rw.left)
		read_in_place(t);
	else
		read_chunk(t);
}

/* FUA: what is read is durable, so earlier writes are made durable first. */
void scsi_disk_read(struct scsi_task *t)
{
	if (!prepare(t))
		return;
	if (!t->rw.left)
		scsi_task_good(t);
	else if (forces_access(t) && mpr_blk_write_cache(scsi_disk_of(t)->blk))
		scsi_task_flush(t, scsi_disk_of(t)->blk, read_begin);
	else
		read_begin(t);
}

/* ---- Data out --------------------------------------------------------- */

static void ask_chunk(struct scsi_task *t);

static void chunk_finished(struct scsi_task *t)
{
	advance(t);
	if (t->rw.left)
		ask_chunk(t);
	else
		scsi_task_good(t);
}

static void miscompare(struct scsi_task *t, uint64_t offset)
{
	struct scsi_sense sense = SENSE_MISCOMPARE;

	sense.valid = true;
	sense.information = offset;
	scsi_task_check(t, sense);
}

static void chunk_compare(struct scsi_task *t)
{
	size_t equal = scsi_sg_compare(t->rw.sg, t->rw.nsg, t->buf, t->rw.chunk);

	if (equal < t->rw.chunk)
		miscompare(t, t->pub.transferred - t->rw.chunk + equal);
	else
		chunk_finished(t);
}

static void read_back(struct scsi_task *t)
{
	if (scsi_task_buffer(t, t->rw.chunk))
		read_to_buffer(t, chunk_compare);
}

static void chunk_written(struct scsi_task *t)
{
	if (t->rw.compare)
		read_back(t);
	else
		chunk_finished(t);
}

static void chunk_received(struct scsi_task *t, const struct iovec *sg, unsigned nsg)
{
	t->rw.sg = sg;
	t->rw.nsg = nsg;
	if (t->rw.write)
		submit(t, MPR_BLK_WRITE, sg, nsg, chunk_written);
	else
		read_back(t);
}

static void ask_chunk(struct scsi_task *t)
{
	uint64_t limit = t->rw.compare ? MPR_SCSI_MAX_CHUNK : MPR_SCSI_MAX_DATA_OUT;

	t->rw.chunk = (size_t)min_u64(t->rw.left, limit);
	scsi_task_move(t, NULL, t->rw.chunk, chunk_received);
}

static void data_out(struct scsi_task *t)
{
	if (t->rw.left)
		ask_chunk(t);
	else
		scsi_task_good(t);
}

/* ---- WRITE, WRITE AND VERIFY ------------------------------------------ */

static void write_blocks(struct scsi_task *t, bool fua)
{
	if (!prepare(t) || !may_write(t))
		return;
	t->rw.write = true;
	t->rw.fua = fua || !scsi_disk_of(t)->mode.wce;
	data_out(t);
}

void scsi_disk_write(struct scsi_task *t)
{
	write_blocks(t, forces_access(t));
}

/* What is verified is the medium: FUA, so that the data are on it. */
void scsi_disk_write_and_verify(struct scsi_task *t)
{
	uint8_t bytchk = t->cdb[1] & SCSI_CDB_BYTCHK;

	if (bytchk != SCSI_BYTCHK_NONE && bytchk != SCSI_BYTCHK_ALL) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	t->rw.compare = bytchk == SCSI_BYTCHK_ALL;
	write_blocks(t, true);
}

/* ---- VERIFY ----------------------------------------------------------- */

uint64_t scsi_disk_verify_bytes(const struct scsi_task *t)
{
	switch (t->cdb[1] & SCSI_CDB_BYTCHK) {
	case SCSI_BYTCHK_ALL:
		return scsi_disk_extent_bytes(t);
	case SCSI_BYTCHK_ONE_BLOCK:
		return scsi_cdb_extent(t->cdb).blocks ? t->lu->block_size : 0;
	default:
		return 0;
	}
}

static void repeated_next(struct scsi_task *t);

static void repeated_compare(struct scsi_task *t)
{
	size_t block_size = t->lu->block_size;

	for (size_t at = 0; at < t->rw.chunk; at += block_size) {
		size_t equal = scsi_sg_compare(t->rw.sg, t->rw.nsg, t->buf + at, block_size);

		if (equal < block_size) {
			miscompare(t, equal);
			return;
		}
	}
	advance(t);
	repeated_next(t);
}

static void repeated_next(struct scsi_task *t)
{
	if (!t->rw.left) {
		scsi_task_good(t);
		return;
	}
	t->rw.chunk = (size_t)min_u64(t->rw.left, MPR_SCSI_MAX_CHUNK);
	if (scsi_task_buffer(t, t->rw.chunk))
		read_to_buffer(t, repeated_compare);
}

static void repeated_received(struct scsi_task *t, const struct iovec *sg, unsigned nsg)
{
	t->rw.sg = sg;
	t->rw.nsg = nsg;
	repeated_next(t);
}

static void verify_repeated(struct scsi_task *t)
{
	if (t->rw.left)
		scsi_task_move(t, NULL, t->lu->block_size, repeated_received);
	else
		scsi_task_good(t);
}

static void verify_data(struct scsi_task *t)
{
	t->rw.compare = true;
	data_out(t);
}

void scsi_disk_verify(struct scsi_task *t)
{
	static void (*const verify[])(struct scsi_task *) = {
		[SCSI_BYTCHK_NONE] = scsi_task_good,
		[SCSI_BYTCHK_ALL] = verify_data,
		[SCSI_BYTCHK_ONE_BLOCK] = verify_repeated,
	};
	uint8_t bytchk = t->cdb[1] & SCSI_CDB_BYTCHK;

	if (!verify[bytchk])
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else if (prepare(t))
		verify[bytchk](t);
}

/* ---- COMPARE AND WRITE ------------------------------------------------ */

/* Data out is the blocks to compare with, then those to write. */
uint64_t scsi_disk_compare_and_write_bytes(const struct scsi_task *t)
{
	return 2ull * t->cdb[13] * t->lu->block_size;
}

unsigned scsi_disk_compare_and_write_blocks(const struct scsi_disk *disk)
{
	return (unsigned)min_u64(UINT8_MAX, SCSI_COMPARE_AND_WRITE_MAX / disk->lu.block_size);
}

static void replace_blocks(struct scsi_task *t)
{
	size_t equal = scsi_sg_compare(t->rw.sg, t->rw.nsg, t->buf, t->rw.chunk);

	if (equal < t->rw.chunk) {
		miscompare(t, equal);
		return;
	}
	scsi_sg_gather(t->rw.sg, t->rw.nsg, t->rw.chunk, t->buf, t->rw.chunk);
	submit(t, MPR_BLK_WRITE, &t->iov, 1, scsi_task_good);
}

static void pairs_received(struct scsi_task *t, const struct iovec *sg, unsigned nsg)
{
	t->rw.sg = sg;
	t->rw.nsg = nsg;
	t->rw.chunk = (size_t)t->rw.left;
	if (scsi_task_buffer(t, t->rw.chunk))
		read_to_buffer(t, replace_blocks);
}

void scsi_disk_compare_and_write(struct scsi_task *t)
{
	struct scsi_disk *disk = scsi_disk_of(t);

	if (scsi_cdb_extent(t->cdb).blocks > scsi_disk_compare_and_write_blocks(disk)) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (!prepare(t) || !may_write(t))
		return;
	t->rw.fua = forces_access(t) || !disk->mode.wce;
	if (t->rw.left)
		scsi_task_move(t, NULL, (size_t)t->pub.length, pairs_received);
	else
		scsi_task_good(t);
}

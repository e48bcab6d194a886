/* SPDX-License-Identifier: MIT */
/*
 * Feeds an adapter's calls with hostile CDBs and data to two disks: start,
 * move, cancel, reset and the end of I/O in any order. Whatever comes, each
 * started task ends once, no callback comes after that, no more is moved than
 * the CDB allows, and no request is submitted beyond the medium.
 *
 * An input is a sequence of operations, one byte each (low 3 bits: which, high
 * bits: its argument), followed by what the operation reads from the input.
 */
#include <errno.h>
#include <string.h>

#include "dev/scsi/disk/disk.h"
#include "dev/scsi/scsi.h"
#include "tests/fuzz/fuzz.h"
#include "tests/scsi/fake_blk.h"

#define DISK_SIZE (1u << 20)
#define MAX_TASKS 96
#define MAX_OPERATIONS 2000
#define MAX_OFFER (4u << 20)

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum state { FREE, RUNNING, DATA, COMPLETE, CANCELLED };

struct slot {
	struct mpr_scsi_task *task;
	enum state state;
	bool cancelling;
	uint8_t *memory; /* offered for data in, or data out */
	struct iovec sg[2];
	uint64_t moved;
};

struct input {
	const uint8_t *p;
	size_t len;
};

struct fuzz {
	struct mpr_scsi_bus *bus;
	struct mpr_blk *blk;
	struct slot slots[MAX_TASKS];
};

static uint8_t next(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->p++;
}

/* ---- The adapter ------------------------------------------------------ */

static void on_data(void *hba, struct mpr_scsi_task *task)
{
	struct slot *s = task->hba_data;

	(void)hba;
	CHECK(s->state == RUNNING && !s->cancelling);
	CHECK(task->chunk > 0 && task->chunk <= task->length - s->moved);
	CHECK(!task->buf || task->chunk <= MPR_SCSI_MAX_CHUNK);
	CHECK(task->dir == MPR_SCSI_DATA_IN || task->chunk <= MPR_SCSI_MAX_DATA_OUT);
	CHECK(task->buf || task->dir == MPR_SCSI_DATA_OUT || s->memory);
	s->state = DATA;
}

static void on_complete(void *hba, struct mpr_scsi_task *task)
{
	struct slot *s = task->hba_data;

	(void)hba;
	CHECK(s->state == RUNNING && !s->cancelling);
	CHECK(task->transferred == s->moved);
	s->state = COMPLETE;
}

static void on_cancelled(void *hba, struct mpr_scsi_task *task)
{
	struct slot *s = task->hba_data;

	(void)hba;
	CHECK(s->cancelling && (s->state == RUNNING || s->state == DATA));
	s->state = CANCELLED;
}

static const struct mpr_scsi_hba_ops ops = {on_data, on_complete, on_cancelled};

static struct slot *find(struct fuzz *f, enum state state, unsigned skip)
{
	struct slot *found = NULL;

	for (unsigned i = 0; i < MAX_TASKS; i++) {
		if (f->slots[i].state != state)
			continue;
		found = &f->slots[i];
		if (!skip--)
			break;
	}
	return found;
}

/* Two pieces at odd addresses; their contents come from the input. */
static void give_memory(struct slot *s, struct input *in, size_t len)
{
	size_t first = len > 1 ? 1 + next(in) % (len - 1) : len;
	uint8_t pattern = next(in);

	free(s->memory);
	s->memory = malloc(len);
	memset(s->memory, pattern & 1 ? pattern : 0, len);
	for (size_t i = 0; i < len && i < 64 && pattern & 2; i++)
		s->memory[i] = next(in);
	s->sg[0] = (struct iovec){s->memory, first};
	s->sg[1] = (struct iovec){s->memory + first, len - first};
}

/* ---- Operations ------------------------------------------------------- */

static void start(struct fuzz *f, struct input *in, uint8_t how)
{
	struct slot *s = find(f, FREE, 0);
	uint8_t cdb[MPR_SCSI_MAX_CDB] = {0};
	uint8_t address = next(in), tag = next(in), len = next(in) % (sizeof(cdb) + 1);

	if (!s)
		return;
	for (unsigned i = 0; i < len; i++)
		cdb[i] = next(in);
	memset(s, 0, sizeof(*s));
	s->state = RUNNING;
	s->task = mpr_scsi_task_new(f->bus, address >> 7, address & 63,
				    how & 1 ? MPR_SCSI_UNTAGGED : tag,
				    (enum mpr_scsi_attr)((how >> 1) % 3), cdb, len, s);
	CHECK(s->task);
	CHECK((s->task->dir == MPR_SCSI_NO_DATA) == (s->task->length == 0));
	if (how & 8 && s->task->dir == MPR_SCSI_DATA_IN && s->task->length <= MAX_OFFER)
		give_memory(s, in, (size_t)s->task->length);
	mpr_scsi_task_start(s->task, s->memory ? s->sg : NULL, s->memory ? 2 : 0);
}

/* Makes the sanitizers see bytes that must not be sent. */
static void look_at(const uint8_t *p, size_t len)
{
	static volatile uint8_t seen;

	for (size_t i = 0; i < len; i++)
		seen = p[i];
	(void)seen;
}

static void move(struct fuzz *f, struct input *in, uint8_t which)
{
	struct slot *s = find(f, DATA, which);

	if (!s)
		return;
	s->moved += s->task->chunk;
	s->state = RUNNING;
	if (s->task->dir == MPR_SCSI_DATA_IN) {
		if (s->task->buf)
			look_at(s->task->buf, s->task->chunk);
		mpr_scsi_task_data_done(s->task, NULL, 0);
	} else {
		give_memory(s, in, s->task->chunk);
		mpr_scsi_task_data_done(s->task, s->sg, 2);
	}
}

static void cancel(struct fuzz *f, uint8_t which)
{
	struct slot *s = find(f, which & 1 ? DATA : RUNNING, which >> 1);

	if (!s)
		return;
	s->cancelling = true;
	mpr_scsi_task_cancel(s->task);
}

static void release(struct slot *s)
{
	mpr_scsi_task_free(s->task);
	free(s->memory);
	memset(s, 0, sizeof(*s));
}

static void release_one(struct fuzz *f, uint8_t which)
{
	struct slot *s = find(f, which & 1 ? CANCELLED : COMPLETE, which >> 1);

	if (s)
		release(s);
}

static void end_io(struct fuzz *f, uint8_t how)
{
	static const int errors[] = {0, 0, 0, -EIO, -ENOSPC, -ENOMEM};

	if (!f->blk->in_flight)
		return;
	CHECK(f->blk->last.offset + f->blk->last.length <= DISK_SIZE);
	f->blk->error = errors[how % 6];
	fake_blk_end(f->blk, how / 6 % f->blk->in_flight);
}

static void reset(struct fuzz *f, uint8_t how)
{
	if (how & 1)
		mpr_scsi_target_was_reset(f->bus, how >> 1);
	else
		mpr_scsi_bus_was_reset(f->bus, (enum mpr_scsi_reset)((how >> 1) % 3));
}

static void operate(struct fuzz *f, struct input *in)
{
	uint8_t operation = next(in), argument = operation >> 3;

	switch (operation & 7) {
	case 0:
	case 1:
		start(f, in, argument);
		break;
	case 2:
		move(f, in, argument);
		break;
	case 3:
		end_io(f, argument);
		break;
	case 4:
		cancel(f, argument);
		break;
	case 5:
		release_one(f, argument);
		break;
	case 6:
		reset(f, argument);
		break;
	case 7:
		f->blk->read_only = argument & 1;
		break;
	}
}

/* ---- Beginning and end ------------------------------------------------ */

static void add_disk(struct fuzz *f, unsigned id, unsigned lun, uint32_t block_size)
{
	struct mpr_scsi_disk_options o = {.scsi_id = id,
					  .lun = lun,
					  .serial = lun ? "fuzz" : NULL,
					  .removable = lun,
					  .logical_block_size = block_size};
	char *error = NULL;

	CHECK(mpr_scsi_disk_create(f->bus, f->blk, &o, &error) == 0);
}

/* Cancels whatever is left: all tasks end, and the bus can be destroyed. */
static void finish(struct fuzz *f)
{
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		struct slot *s = &f->slots[i];

		if (s->state != RUNNING && s->state != DATA)
			continue;
		s->cancelling = true;
		mpr_scsi_task_cancel(s->task);
	}
	fake_blk_end_all(f->blk);
	for (unsigned i = 0; i < MAX_TASKS; i++) {
		CHECK(f->slots[i].state != RUNNING && f->slots[i].state != DATA);
		if (f->slots[i].state != FREE)
			release(&f->slots[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct fuzz f = {.blk = fake_blk_new(DISK_SIZE)};

	CHECK(mpr_scsi_bus_create(&ops, &f, &f.bus) == 0);
	add_disk(&f, 0, 0, 512);
	add_disk(&f, 0, 1, 4096);
	for (unsigned i = 0; i < MAX_OPERATIONS && in.len; i++)
		operate(&f, &in);
	finish(&f);
	mpr_scsi_bus_destroy(f.bus);
	fake_blk_free(f.blk);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "tests/lsi53c895a/targets.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct fake_task {
	struct mpr_scsi_task pub; /* first */
	TAILQ_ENTRY(fake_task) link;
	struct mpr_scsi_bus *bus;
	bool waiting; /* for targets_poll() */
	bool started, with_adapter, cancelling, ended;
	uint8_t opcode;
	uint64_t offset; /* on the medium */
	const struct iovec *place;
	unsigned nplace;
	const struct iovec *sg;
	unsigned nsg;
	uint8_t *buf;
};

TAILQ_HEAD(fake_list, fake_task);

struct mpr_scsi_bus {
	struct mpr_bus base; /* first */
	struct targets targets;
	const struct mpr_scsi_hba_ops *ops;
	void *hba;
	struct fake_list tasks;
};

struct targets *targets_of(struct mpr_bus *bus)
{
	return &mpr_scsi_bus_of(bus)->targets;
}

int mpr_scsi_bus_create(const struct mpr_scsi_hba_ops *ops, void *hba, struct mpr_scsi_bus **out)
{
	struct mpr_scsi_bus *bus = calloc(1, sizeof(*bus));
	unsigned i;

	if (!bus)
		abort();
	bus->ops = ops;
	bus->hba = hba;
	TAILQ_INIT(&bus->tasks);
	bus->targets.present = 0x07;
	bus->targets.chunk = 65536;
	bus->targets.end_at = UINT64_MAX;
	for (i = 0; i < sizeof(bus->targets.medium); i++)
		bus->targets.medium[i] = i % 251;
	*out = bus;
	return 0;
}

void mpr_scsi_bus_destroy(struct mpr_scsi_bus *bus)
{
	if (bus->targets.live)
		abort();
	free(bus);
}

bool mpr_scsi_target_present(const struct mpr_scsi_bus *bus, unsigned target)
{
	return bus->targets.present >> target & 1;
}

void mpr_scsi_bus_was_reset(struct mpr_scsi_bus *bus, enum mpr_scsi_reset kind)
{
	if (kind == MPR_SCSI_RESET_POWER_ON)
		bus->targets.power_ons++;
	else
		bus->targets.bus_resets++;
}

void mpr_scsi_target_was_reset(struct mpr_scsi_bus *bus, unsigned target)
{
	(void)target;
	bus->targets.target_resets++;
}

static uint32_t be(const uint8_t *p, unsigned n)
{
	uint32_t value = 0;

	while (n--)
		value = value << 8 | *p++;
	return value;
}

static void decode(struct fake_task *t, const uint8_t *cdb)
{
	t->opcode = cdb[0];
	switch (cdb[0]) {
	case 0x12:
		t->pub.length = be(cdb + 3, 2);
		t->pub.dir = MPR_SCSI_DATA_IN;
		break;
	case 0x28:
	case 0x2a:
		t->offset = (uint64_t)be(cdb + 2, 4) % BLOCKS * BLOCK;
		t->pub.length = (uint64_t)be(cdb + 7, 2) * BLOCK;
		t->pub.dir = cdb[0] == 0x28 ? MPR_SCSI_DATA_IN : MPR_SCSI_DATA_OUT;
		break;
	}
	if (t->pub.length == 0)
		t->pub.dir = MPR_SCSI_NO_DATA;
}

struct mpr_scsi_task *mpr_scsi_task_new(struct mpr_scsi_bus *bus, unsigned target, unsigned lun,
					unsigned tag, enum mpr_scsi_attr attr, const uint8_t *cdb,
					size_t cdb_len, void *hba_data)
{
	struct fake_task *t = calloc(1, sizeof(*t));
	uint8_t copy[MPR_SCSI_MAX_CDB] = {0};

	if (!t || cdb_len > sizeof(copy) || !mpr_scsi_target_present(bus, target))
		abort();
	(void)attr;
	memcpy(copy, cdb, cdb_len);
	memcpy(bus->targets.last_cdb, copy, sizeof(copy));
	bus->targets.last_cdb_len = cdb_len;
	bus->targets.last_lun = lun;
	bus->targets.last_tag = tag;
	bus->targets.live++;
	t->bus = bus;
	t->pub.hba_data = hba_data;
	t->pub.target = target;
	t->pub.lun = lun;
	t->pub.tag = tag;
	decode(t, copy);
	return &t->pub;
}

static uint64_t data_size(const struct fake_task *t)
{
	uint64_t size = t->pub.length;

	if (t->opcode == 0x12 && size > INQUIRY_SIZE)
		size = INQUIRY_SIZE;
	if (t->offset + size > sizeof(t->bus->targets.medium))
		size = sizeof(t->bus->targets.medium) - t->offset;
	return size < t->bus->targets.end_at ? size : t->bus->targets.end_at;
}

static void finish(struct fake_task *t)
{
	TAILQ_REMOVE(&t->bus->tasks, t, link);
	t->ended = true;
	t->bus->targets.completed++;
	t->pub.status = t->bus->targets.status;
	t->bus->ops->complete(t->bus->hba, &t->pub);
}

/* From the medium to `sg`, or back. */
static void copy_sg(struct fake_task *t, const struct iovec *sg, unsigned nsg, uint64_t at,
		    size_t len, bool to_medium)
{
	unsigned i;

	for (i = 0; i < nsg && len; i++) {
		size_t n = sg[i].iov_len < len ? sg[i].iov_len : len;
		uint8_t *medium = t->bus->targets.medium + at;

		if (to_medium)
			memcpy(medium, sg[i].iov_base, n);
		else
			memcpy(sg[i].iov_base, medium, n);
		at += n;
		len -= n;
	}
	if (len)
		abort();
}

/* All data at once where the adapter wants them. */
static void read_in_place(struct fake_task *t, uint64_t size)
{
	copy_sg(t, t->place, t->nplace, t->offset, size, false);
	t->bus->targets.in_place++;
	t->pub.buf = NULL;
	t->pub.chunk = size;
}

static void read_buffered(struct fake_task *t)
{
	free(t->buf);
	t->buf = malloc(t->pub.chunk);
	if (!t->buf)
		abort();
	memcpy(t->buf, t->bus->targets.medium + t->offset + t->pub.transferred, t->pub.chunk);
	t->pub.buf = t->buf;
}

static void advance(struct fake_task *t)
{
	uint64_t size = data_size(t), left = size - t->pub.transferred;

	t->waiting = false;
	if (t->sg) { /* data out that has arrived */
		copy_sg(t, t->sg, t->nsg, t->offset + t->pub.transferred - t->pub.chunk,
			t->pub.chunk, true);
		t->sg = NULL;
	}
	if (left == 0) {
		finish(t);
		return;
	}
	t->pub.chunk = left < t->bus->targets.chunk ? left : t->bus->targets.chunk;
	if (t->pub.dir == MPR_SCSI_DATA_IN && t->place && t->opcode == 0x28)
		read_in_place(t, size);
	else if (t->pub.dir == MPR_SCSI_DATA_IN)
		read_buffered(t);
	t->with_adapter = true;
	t->bus->ops->data(t->bus->hba, &t->pub);
}

static void now_or_later(struct fake_task *t)
{
	if (t->bus->targets.later)
		t->waiting = true;
	else
		advance(t);
}

void mpr_scsi_task_start(struct mpr_scsi_task *task, const struct iovec *sg, unsigned nsg)
{
	struct fake_task *t = (struct fake_task *)task;

	t->started = true;
	t->place = sg;
	t->nplace = nsg;
	t->bus->targets.started++;
	TAILQ_INSERT_TAIL(&t->bus->tasks, t, link);
	now_or_later(t);
}

void mpr_scsi_task_data_done(struct mpr_scsi_task *task, const struct iovec *sg, unsigned nsg)
{
	struct fake_task *t = (struct fake_task *)task;
	size_t len = 0;
	unsigned i;

	if (!t->with_adapter || t->cancelling)
		abort();
	t->with_adapter = false;
	for (i = 0; i < nsg; i++)
		len += sg[i].iov_len;
	if (t->pub.dir == MPR_SCSI_DATA_OUT && len != t->pub.chunk)
		abort();
	t->sg = sg;
	t->nsg = nsg;
	t->bus->targets.last_nsg = nsg;
	t->pub.transferred += t->pub.chunk;
	now_or_later(t);
}

static void end_cancelled(struct fake_task *t)
{
	TAILQ_REMOVE(&t->bus->tasks, t, link);
	t->ended = true;
	t->bus->targets.cancelled++;
	t->bus->ops->cancelled(t->bus->hba, &t->pub);
}

void mpr_scsi_task_cancel(struct mpr_scsi_task *task)
{
	struct fake_task *t = (struct fake_task *)task;

	if (t->cancelling || t->ended)
		return;
	t->cancelling = true;
	if (!t->bus->targets.late_cancel)
		end_cancelled(t);
}

void mpr_scsi_task_free(struct mpr_scsi_task *task)
{
	struct fake_task *t = (struct fake_task *)task;

	if (t->started && !t->ended)
		abort();
	t->bus->targets.live--;
	free(t->buf);
	free(t);
}

static bool poll_task(struct fake_task *t)
{
	if (t->cancelling)
		end_cancelled(t);
	else if (t->waiting)
		advance(t);
	else
		return false;
	return true;
}

bool targets_poll(struct mpr_bus *base)
{
	struct mpr_scsi_bus *bus = mpr_scsi_bus_of(base);
	struct fake_task *t, *next;
	bool any = false;

	t = bus->targets.newest_first ? TAILQ_LAST(&bus->tasks, fake_list)
				      : TAILQ_FIRST(&bus->tasks);
	for (; t; t = next) {
		next = bus->targets.newest_first ? TAILQ_PREV(t, fake_list, link)
						 : TAILQ_NEXT(t, link);
		any |= poll_task(t);
	}
	return any;
}

void targets_drain(struct mpr_bus *bus)
{
	while (targets_poll(bus))
		;
}

void targets_finish(struct machine *m)
{
	do
		go(m);
	while (targets_poll(m->dev->bus));
}

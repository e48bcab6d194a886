/* SPDX-License-Identifier: MIT */
/*
 * Commands in flight. A task belongs to a nexus (target, logical unit, tag). It ends
 * with a status, or is cancelled: then nothing of it reaches the initiator any more, and
 * it is freed when the target has ended it.
 */
#include "dev/lsi53c895a/task.h"

#include <stdlib.h>

#include "dev/lsi53c895a/chip/engine.h"
#include "dev/lsi53c895a/program/lookahead.h"
#include "dev/lsi53c895a/program/segments.h"

static struct lsi_task *allocate(struct lsi_chip *chip)
{
	struct lsi_task *task = TAILQ_FIRST(&chip->pool);
	struct lsi_segments segments = {0};

	if (task) {
		TAILQ_REMOVE(&chip->pool, task, link);
		segments = task->segments;
	} else {
		task = malloc(sizeof(*task));
	}
	if (task)
		*task = (struct lsi_task){.segments = segments};
	return task;
}

/* Also a cancelled one that has not ended. */
static struct lsi_task *find(struct lsi_chip *chip, const struct lsi_bus *nexus)
{
	struct lsi_task *task;

	TAILQ_FOREACH(task, &chip->tasks, link)
	{
		if (task->state != LSI_TASK_GONE && task->target == nexus->target &&
		    task->lun == nexus->lun && task->tag == nexus->tag)
			return task;
	}
	return NULL;
}

static struct lsi_task *create(struct lsi_chip *chip)
{
	const struct lsi_bus *nexus = &chip->bus;
	struct lsi_task *task = allocate(chip);

	if (!task)
		return NULL;
	task->target = nexus->target;
	task->lun = nexus->lun;
	task->tag = nexus->tag;
	task->scsi = mpr_scsi_task_new(mpr_scsi_bus_of(chip->dev.bus), nexus->target, nexus->lun,
				       nexus->tag, nexus->attr, nexus->cdb, nexus->cdb_len, task);
	if (!task->scsi) {
		TAILQ_INSERT_HEAD(&chip->pool, task, link);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&chip->tasks, task, link);
	chip->ntasks++;
	chip->stats.commands++;
	return task;
}

struct lsi_task *lsi_task_start(struct lsi_chip *chip, uint8_t *status)
{
	struct lsi_task *task;

	*status = MPR_SCSI_TASK_SET_FULL;
	if (chip->ntasks >= LSI_MAX_TASKS)
		return NULL;
	*status = MPR_SCSI_BUSY;
	task = create(chip);
	if (!task)
		return NULL;
	if (lsi_look_ahead(chip, task))
		mpr_scsi_task_start(task->scsi, task->segments.iov, task->segments.count);
	else
		mpr_scsi_task_start(task->scsi, NULL, 0);
	return task;
}

void lsi_task_free(struct lsi_chip *chip, struct lsi_task *task)
{
	if (chip->bus.task == task)
		chip->bus.task = NULL;
	if (task->ready)
		TAILQ_REMOVE(&chip->ready, task, ready_link);
	lsi_segments_release(chip, &task->segments);
	free(task->copy);
	mpr_scsi_task_free(task->scsi);
	TAILQ_REMOVE(&chip->tasks, task, link);
	TAILQ_INSERT_HEAD(&chip->pool, task, link);
	chip->ntasks--;
}

void lsi_task_cancel(struct lsi_chip *chip, struct lsi_task *task)
{
	if (task->dying)
		return;
	if (task->state == LSI_TASK_DONE) {
		lsi_task_free(chip, task);
		return;
	}
	if (chip->bus.task == task)
		chip->bus.task = NULL;
	if (task->ready)
		TAILQ_REMOVE(&chip->ready, task, ready_link);
	task->ready = false;
	task->dying = true;
	mpr_scsi_task_cancel(task->scsi);
	if (task->state == LSI_TASK_GONE)
		lsi_task_free(chip, task);
}

bool lsi_task_displace(struct lsi_chip *chip)
{
	struct lsi_task *task;

	while ((task = find(chip, &chip->bus))) {
		if (task->dying)
			return false;
		lsi_task_cancel(chip, task);
	}
	return true;
}

static bool matches(int wanted, int value)
{
	return wanted < 0 || wanted == value;
}

void lsi_task_cancel_matching(struct lsi_chip *chip, int target, int lun, int tag)
{
	struct lsi_task *task = TAILQ_FIRST(&chip->tasks), *next;

	for (; task; task = next) {
		next = TAILQ_NEXT(task, link);
		if (matches(target, task->target) && matches(lun, task->lun) &&
		    matches(tag, task->tag))
			lsi_task_cancel(chip, task);
	}
}

void lsi_task_reap(struct lsi_chip *chip)
{
	struct lsi_task *task = TAILQ_FIRST(&chip->tasks), *next;

	for (; task; task = next) {
		next = TAILQ_NEXT(task, link);
		if (task->state == LSI_TASK_GONE)
			lsi_task_free(chip, task);
	}
}

bool lsi_task_dying(const struct lsi_chip *chip, int target)
{
	const struct lsi_task *task;

	TAILQ_FOREACH(task, &chip->tasks, link)
	{
		if (task->dying && task->state != LSI_TASK_GONE && matches(target, task->target))
			return true;
	}
	return false;
}

void lsi_task_settle(struct lsi_chip *chip)
{
	chip->dev.settling = lsi_task_dying(chip, -1);
}

void lsi_task_moved(struct lsi_chip *chip, struct lsi_task *task, size_t n)
{
	struct mpr_scsi_task *scsi = task->scsi;

	task->pos += n;
	chip->stats.moved_bytes += n;
	if (task->pos < scsi->chunk)
		return;
	task->state = LSI_TASK_BUSY;
	task->pos = 0;
	free(task->copy);
	task->copy = NULL;
	if (scsi->dir == MPR_SCSI_DATA_OUT)
		mpr_scsi_task_data_done(scsi, task->segments.iov, task->segments.count);
	else
		mpr_scsi_task_data_done(scsi, NULL, 0);
}

static void want_bus(struct lsi_chip *chip, struct lsi_task *task)
{
	if (task->disconnected && !task->ready) {
		TAILQ_INSERT_TAIL(&chip->ready, task, ready_link);
		task->ready = true;
	}
}

void lsi_task_disconnect(struct lsi_chip *chip, struct lsi_task *task)
{
	task->disconnected = true;
	if (task->state != LSI_TASK_BUSY)
		want_bus(chip, task);
}

/* The target's callbacks: they change the state and wake the engine. */

static void data(void *hba, struct mpr_scsi_task *scsi)
{
	struct lsi_chip *chip = hba;
	struct lsi_task *task = scsi->hba_data;

	/* Data out: the last chunk has been written. */
	if (scsi->dir == MPR_SCSI_DATA_OUT)
		lsi_segments_release(chip, &task->segments);
	task->state = LSI_TASK_DATA;
	want_bus(chip, task);
	lsi_wake(chip);
}

static void complete(void *hba, struct mpr_scsi_task *scsi)
{
	struct lsi_chip *chip = hba;
	struct lsi_task *task = scsi->hba_data;

	lsi_segments_release(chip, &task->segments);
	task->state = LSI_TASK_DONE;
	want_bus(chip, task);
	lsi_wake(chip);
}

static void cancelled(void *hba, struct mpr_scsi_task *scsi)
{
	struct lsi_chip *chip = hba;
	struct lsi_task *task = scsi->hba_data;

	lsi_segments_release(chip, &task->segments);
	task->state = LSI_TASK_GONE;
	if (chip->dev.settling)
		lsi_task_settle(chip);
	lsi_wake(chip);
}

const struct mpr_scsi_hba_ops lsi_hba_ops = {
	.data = data,
	.complete = complete,
	.cancelled = cancelled,
};

void lsi_task_fini(struct lsi_chip *chip)
{
	struct lsi_task *task;

	while ((task = TAILQ_FIRST(&chip->tasks)))
		lsi_task_free(chip, task);
	while ((task = TAILQ_FIRST(&chip->pool))) {
		TAILQ_REMOVE(&chip->pool, task, link);
		lsi_segments_fini(&task->segments);
		free(task);
	}
}

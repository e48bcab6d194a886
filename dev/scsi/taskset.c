/* SPDX-License-Identifier: MIT */
#include "dev/scsi/taskset.h"

bool scsi_taskset_full(const struct mpr_scsi_lu *lu)
{
	return lu->ntasks >= SCSI_TASK_SET_LIMIT;
}

bool scsi_taskset_has_tag(const struct mpr_scsi_lu *lu, uint16_t tag)
{
	const struct scsi_task *t;

	TAILQ_FOREACH(t, &lu->tasks, link)
	{
		if (t->pub.tag == tag && t->state != SCSI_TASK_CANCELLING)
			return true;
	}
	return false;
}

void scsi_taskset_add(struct scsi_task *t)
{
	TAILQ_INSERT_TAIL(&t->lu->tasks, t, link);
	t->lu->ntasks++;
	t->state = SCSI_TASK_QUEUED;
}

void scsi_taskset_remove(struct scsi_task *t)
{
	TAILQ_REMOVE(&t->lu->tasks, t, link);
	t->lu->ntasks--;
}

static bool waits_for_older(const struct scsi_task *t, const struct scsi_task *older)
{
	switch (t->attr) {
	case MPR_SCSI_HEAD_OF_QUEUE:
		return t->exclusive;
	case MPR_SCSI_ORDERED:
		return true;
	default:
		return t->exclusive || older->exclusive || older->attr != MPR_SCSI_SIMPLE;
	}
}

static bool waits_for(const struct scsi_task *t, const struct scsi_task *other, bool older)
{
	bool running = other->state != SCSI_TASK_QUEUED;

	if (running && (t->exclusive || other->exclusive))
		return true;
	return older && waits_for_older(t, other);
}

static bool may_start(const struct scsi_task *t)
{
	const struct scsi_task *other;
	bool older = true;

	if (scsi_task_runs_always(t))
		return true;
	TAILQ_FOREACH(other, &t->lu->tasks, link)
	{
		if (other == t)
			older = false;
		else if (waits_for(t, other, older))
			return false;
	}
	return true;
}

struct scsi_task *scsi_taskset_next(const struct mpr_scsi_lu *lu)
{
	struct scsi_task *t;

	TAILQ_FOREACH(t, &lu->tasks, link)
	{
		if (t->state == SCSI_TASK_QUEUED && may_start(t))
			return t;
	}
	return NULL;
}

struct scsi_task *scsi_taskset_next_held(const struct mpr_scsi_lu *lu)
{
	struct scsi_task *t;

	if (lu->sense_pending)
		return NULL;
	TAILQ_FOREACH(t, &lu->tasks, link)
	{
		if (t->state == SCSI_TASK_HELD)
			return t;
	}
	return NULL;
}

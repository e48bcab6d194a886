/* SPDX-License-Identifier: MIT */
#include "dev/scsi/bus.h"

#include <errno.h>
#include <stdlib.h>

#include "dev/scsi/commands.h"
#include "dev/scsi/task.h"

int mpr_scsi_bus_create(const struct mpr_scsi_hba_ops *ops, void *hba, struct mpr_scsi_bus **bus)
{
	struct mpr_scsi_bus *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->base.type = MPR_BUS_SCSI;
	b->ops = ops;
	b->hba = hba;
	TAILQ_INIT(&b->pool);
	scsi_lu_init(&b->absent, &scsi_absent_type, 0, 0, 0);
	*bus = b;
	return 0;
}

static void reset_target(struct mpr_scsi_bus *bus, unsigned target, enum scsi_unit_attention ua)
{
	for (unsigned lun = 0; lun < MPR_SCSI_MAX_LUNS; lun++) {
		if (bus->lu[target][lun])
			scsi_lu_was_reset(bus->lu[target][lun], ua);
	}
}

static void free_pool(struct mpr_scsi_bus *bus)
{
	struct scsi_task *t;

	while ((t = TAILQ_FIRST(&bus->pool))) {
		TAILQ_REMOVE(&bus->pool, t, link);
		free(t);
	}
}

void mpr_scsi_bus_destroy(struct mpr_scsi_bus *bus)
{
	for (unsigned target = 0; target < MPR_SCSI_MAX_TARGETS; target++) {
		for (unsigned lun = 0; lun < MPR_SCSI_MAX_LUNS; lun++) {
			if (bus->lu[target][lun])
				bus->lu[target][lun]->type->destroy(bus->lu[target][lun]);
		}
	}
	free_pool(bus);
	free(bus);
}

/* The target's other logical units report that its inventory has changed. */
static void luns_changed(struct mpr_scsi_bus *bus, const struct mpr_scsi_lu *changed)
{
	for (unsigned lun = 0; lun < MPR_SCSI_MAX_LUNS; lun++) {
		struct mpr_scsi_lu *lu = bus->lu[changed->target][lun];

		if (lu && lu != changed)
			scsi_lu_attention(lu, SCSI_UA_LUNS_CHANGED);
	}
}

int scsi_bus_attach(struct mpr_scsi_bus *bus, struct mpr_scsi_lu *lu)
{
	if (lu->target >= MPR_SCSI_MAX_TARGETS || lu->lun >= MPR_SCSI_MAX_LUNS)
		return -EINVAL;
	if (bus->lu[lu->target][lu->lun])
		return -EEXIST;
	bus->lu[lu->target][lu->lun] = lu;
	luns_changed(bus, lu);
	return 0;
}

static void end_tasks(struct mpr_scsi_lu *lu)
{
	struct scsi_task *t = TAILQ_FIRST(&lu->tasks), *next;

	for (; t; t = next) {
		next = TAILQ_NEXT(t, link);
		scsi_task_leave(t);
	}
}

int mpr_scsi_lu_remove(struct mpr_scsi_bus *bus, unsigned target, unsigned lun,
		       void (*removed)(void *opaque), void *opaque)
{
	struct mpr_scsi_lu *lu = scsi_bus_lu(bus, target, lun);

	if (lu->type->absent)
		return -ENOENT;
	bus->lu[target][lun] = NULL;
	luns_changed(bus, lu);
	lu->leaving = true;
	lu->removed = removed;
	lu->removed_opaque = opaque;
	lu->users++; /* while this function uses it */
	end_tasks(lu);
	lu->users--;
	scsi_lu_leave(lu);
	return 0;
}

bool mpr_scsi_target_present(const struct mpr_scsi_bus *bus, unsigned target)
{
	if (target >= MPR_SCSI_MAX_TARGETS)
		return false;
	for (unsigned lun = 0; lun < MPR_SCSI_MAX_LUNS; lun++) {
		if (bus->lu[target][lun])
			return true;
	}
	return false;
}

void mpr_scsi_bus_was_reset(struct mpr_scsi_bus *bus, enum mpr_scsi_reset kind)
{
	static const enum scsi_unit_attention ua[] = {
		[MPR_SCSI_RESET_POWER_ON] = SCSI_UA_POWER_ON,
		[MPR_SCSI_RESET_BUS] = SCSI_UA_BUS_RESET,
		[MPR_SCSI_RESET_DEVICE] = SCSI_UA_DEVICE_RESET,
	};

	for (unsigned target = 0; target < MPR_SCSI_MAX_TARGETS; target++)
		reset_target(bus, target, ua[kind]);
}

void mpr_scsi_target_was_reset(struct mpr_scsi_bus *bus, unsigned target)
{
	if (target < MPR_SCSI_MAX_TARGETS)
		reset_target(bus, target, SCSI_UA_DEVICE_RESET);
}

/* SPDX-License-Identifier: MIT */
#include "dev/scsi/bus.h"

#include <errno.h>
#include <stdlib.h>

#include "dev/scsi/commands.h"

int mpr_scsi_bus_create(const struct mpr_scsi_hba_ops *ops, void *hba, struct mpr_scsi_bus **bus)
{
	struct mpr_scsi_bus *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->ops = ops;
	b->hba = hba;
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

void mpr_scsi_bus_destroy(struct mpr_scsi_bus *bus)
{
	for (unsigned target = 0; target < MPR_SCSI_MAX_TARGETS; target++) {
		for (unsigned lun = 0; lun < MPR_SCSI_MAX_LUNS; lun++) {
			if (bus->lu[target][lun])
				bus->lu[target][lun]->type->destroy(bus->lu[target][lun]);
		}
	}
	free(bus);
}

int scsi_bus_attach(struct mpr_scsi_bus *bus, struct mpr_scsi_lu *lu)
{
	if (lu->target >= MPR_SCSI_MAX_TARGETS || lu->lun >= MPR_SCSI_MAX_LUNS)
		return -EINVAL;
	if (bus->lu[lu->target][lu->lun])
		return -EEXIST;
	bus->lu[lu->target][lu->lun] = lu;
	return 0;
}

struct mpr_scsi_lu *scsi_bus_lu(struct mpr_scsi_bus *bus, unsigned target, unsigned lun)
{
	if (target < MPR_SCSI_MAX_TARGETS && lun < MPR_SCSI_MAX_LUNS && bus->lu[target][lun])
		return bus->lu[target][lun];
	return &bus->absent;
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

/* SPDX-License-Identifier: MIT */
/* The bus: the logical units at their addresses. */
#ifndef MPR_DEV_SCSI_BUS_H
#define MPR_DEV_SCSI_BUS_H

#include "dev/scsi/lu.h"
#include "dev/scsi/scsi.h"

struct mpr_scsi_bus {
	struct mpr_bus base; /* first */
	const struct mpr_scsi_hba_ops *ops;
	void *hba;
	struct mpr_scsi_lu *lu[MPR_SCSI_MAX_TARGETS][MPR_SCSI_MAX_LUNS];
	struct mpr_scsi_lu absent;  /* answers for all that are not there */
	struct scsi_task_list pool; /* freed tasks, to be used again */
};

/* The logical unit at an address, or the one that answers for an absent one. */
static inline struct mpr_scsi_lu *scsi_bus_lu(struct mpr_scsi_bus *bus, unsigned target,
					      unsigned lun)
{
	if (target < MPR_SCSI_MAX_TARGETS && lun < MPR_SCSI_MAX_LUNS && bus->lu[target][lun])
		return bus->lu[target][lun];
	return &bus->absent;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A logical unit's task set (SAM-3, 8): which task may run when. SIMPLE tasks
 * run in any order, an ORDERED one after all older and before all newer tasks,
 * a HEAD OF QUEUE one at once. A cancelled task whose I/O has not ended yet
 * keeps all others waiting, so that nothing of it can overtake them.
 */
#ifndef MPR_DEV_SCSI_TASKSET_H
#define MPR_DEV_SCSI_TASKSET_H

#include "dev/scsi/task.h"

#define SCSI_TASK_SET_LIMIT 64 /* tasks of a logical unit */

bool scsi_taskset_full(const struct mpr_scsi_lu *lu);
/* True when a task with this tag exists (SAM-3, 5.9.3: overlapped commands). */
bool scsi_taskset_has_tag(const struct mpr_scsi_lu *lu, uint16_t tag);

void scsi_taskset_add(struct scsi_task *t);
void scsi_taskset_remove(struct scsi_task *t);

/* Runs every task whose turn has come, and releases a held one if the sense
 * data has been fetched. Called whenever either may have changed; a call from
 * within itself leaves the work to the outer one. */
void scsi_taskset_run(struct mpr_scsi_lu *lu);

#endif

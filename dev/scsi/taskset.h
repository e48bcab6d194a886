/* SPDX-License-Identifier: MIT */
/*
 * A logical unit's task set (SAM-3, 8): which task may run when. SIMPLE tasks
 * run in any order, an ORDERED one after all older and before all newer tasks,
 * a HEAD OF QUEUE one at once. While the I/O of a cancelled task has not ended, all
 * others wait: the initiator takes it for done, and must not see its effect later.
 */
#ifndef MPR_DEV_SCSI_TASKSET_H
#define MPR_DEV_SCSI_TASKSET_H

#include "dev/scsi/task.h"

#define SCSI_TASK_SET_LIMIT 64 /* tasks of a logical unit */

/* Its command is one of those that SCSI_CMD_ALWAYS marks. */
static inline bool scsi_task_runs_always(const struct scsi_task *t)
{
	return t->cmd && t->cmd->flags & SCSI_CMD_ALWAYS;
}

bool scsi_taskset_full(const struct mpr_scsi_lu *lu);
/* True when a task with this tag exists (SAM-3, 5.9.3: overlapped commands). */
bool scsi_taskset_has_tag(const struct mpr_scsi_lu *lu, uint16_t tag);

void scsi_taskset_add(struct scsi_task *t);
void scsi_taskset_remove(struct scsi_task *t);

/* A queued task whose turn has come; NULL: there is none. */
struct scsi_task *scsi_taskset_next(const struct mpr_scsi_lu *lu);
/* A held task whose sense data nothing keeps back any more, or NULL. */
struct scsi_task *scsi_taskset_next_held(const struct mpr_scsi_lu *lu);

#endif

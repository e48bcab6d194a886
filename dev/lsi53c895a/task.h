/* SPDX-License-Identifier: MIT */
/* Commands in flight. */
#ifndef MPR_DEV_LSI53C895A_TASK_H
#define MPR_DEV_LSI53C895A_TASK_H

#include "dev/lsi53c895a/chip/state.h"

extern const struct mpr_scsi_hba_ops lsi_hba_ops;
/* Starts the command of the connected nexus. NULL: refused with *status. */
struct lsi_task *lsi_task_start(struct lsi_chip *chip, uint8_t *status);
/* Cancels a task. It is freed when the target has ended it. */
void lsi_task_cancel(struct lsi_chip *chip, struct lsi_task *task);
/* Cancels the tasks of a target; lun and tag: -1 means any. */
void lsi_task_cancel_matching(struct lsi_chip *chip, int target, int lun, int tag);
/* Frees a task that has ended. */
void lsi_task_free(struct lsi_chip *chip, struct lsi_task *task);
/* Frees the tasks whose cancellation has ended. */
void lsi_task_reap(struct lsi_chip *chip);
/* True while a cancelled task of the target (-1: of any) has not ended. */
bool lsi_task_dying(const struct lsi_chip *chip, int target);
/* The guest reuses the memory of cancelled tasks from now on: dev.settling is set until
 * they have ended. */
void lsi_task_settle(struct lsi_chip *chip);
/* A new command comes on the nexus: cancels the task that is still in flight on it.
 * False: it has not ended yet. */
bool lsi_task_displace(struct lsi_chip *chip);
/* `n` bytes of the chunk were moved. */
void lsi_task_moved(struct lsi_chip *chip, struct lsi_task *task, size_t n);
/* The task is off the bus; it reselects when it is ready. */
void lsi_task_disconnect(struct lsi_chip *chip, struct lsi_task *task);
/* Frees all, for destroy. */
void lsi_task_fini(struct lsi_chip *chip);

#endif

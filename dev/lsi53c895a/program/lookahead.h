/* SPDX-License-Identifier: MIT */
/* Where the data of a command will go. */
#ifndef MPR_DEV_LSI53C895A_PROGRAM_LOOKAHEAD_H
#define MPR_DEV_LSI53C895A_PROGRAM_LOOKAHEAD_H

#include "dev/lsi53c895a/chip/state.h"

/* Maps in task->segments the memory that a data-in command's data will be moved to.
 * False: that cannot be predicted. */
bool lsi_look_ahead(struct lsi_chip *chip, struct lsi_task *task);

#endif

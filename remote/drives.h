/* SPDX-License-Identifier: MIT */
/* -drive: opening the disk images. */
#ifndef MPR_REMOTE_DRIVES_H
#define MPR_REMOTE_DRIVES_H

#include "remote/machine.h"

/* Opens every drive of the list. As mpr_machine_build(). */
int mpr_drives_build(struct mpr_machine *machine, const struct mpr_option_list *drives,
		     struct mpr_uring *uring, char **error);

/* The drive of that id, or NULL. */
struct mpr_drive *mpr_drive_find(const struct mpr_machine *machine, const char *id);

#endif

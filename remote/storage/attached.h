/* SPDX-License-Identifier: MIT */
/* -drive if=scsi: drives that describe their disks, too. */
#ifndef MPR_REMOTE_STORAGE_ATTACHED_H
#define MPR_REMOTE_STORAGE_ATTACHED_H

#include "remote/machine/machine.h"

/* Gives each such drive of the command line, as QEMU does, a place (bus=, unit=) and an
 * id from it, unless it has them. Before the drives are opened. As mpr_machine_build(). */
int mpr_attached_place(struct mpr_machine *machine, char **error);

/* Adds their disks to the devices, and builds them: the adapters and drives are built.
 * As mpr_machine_build(). */
int mpr_attached_build(struct mpr_machine *machine, char **error);

#endif

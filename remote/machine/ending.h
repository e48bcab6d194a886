/* SPDX-License-Identifier: MIT */
/* The end of a machine, while I/O may still be under way. */
#ifndef MPR_REMOTE_MACHINE_ENDING_H
#define MPR_REMOTE_MACHINE_ENDING_H

#include "remote/machine/machine.h"

/* Tries once more what is held for an error, resets the devices, and has them take no
 * request any more: only what the kernel has still reaches guest memory. */
void mpr_machine_end(struct mpr_machine *machine);

/* Takes the devices from their VMMs; they are idle. */
void mpr_machine_detach(struct mpr_machine *machine);

/* What the kernel has still: "d0: 3 requests; lsi0: DMA; ". free() it; NULL when out of
 * memory. */
char *mpr_machine_unfinished(const struct mpr_machine *machine);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The start of a family: QEMU comes when all remotes are ready, so that what one of
 * them refuses is told by it alone, and not also by a QEMU that does not find it.
 */
#ifndef MPR_ORCHESTRATOR_FAMILY_START_H
#define MPR_ORCHESTRATOR_FAMILY_START_H

struct mpr_family;

/*
 * Waits until all remotes are ready. 0, or the status to exit with: 1 when one has
 * ended or will not be ready, of which a message was given; 128 + the signal that came.
 */
int mpr_start_await(struct mpr_family *family);

/* Ends the remotes when not everything could be started: none has served anybody. */
void mpr_start_give_up(struct mpr_family *family);

#endif

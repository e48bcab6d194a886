/* SPDX-License-Identifier: MIT */
/*
 * The start of a family. QEMU is started when all remotes are ready; otherwise a remote that
 * refuses its options would be reported twice, by itself and by a QEMU that cannot connect.
 */
#ifndef MPR_ORCHESTRATOR_FAMILY_START_H
#define MPR_ORCHESTRATOR_FAMILY_START_H

struct mpr_family;

/*
 * Waits until all remotes are ready. 0, or the exit status for this program: 1, after a message,
 * when one has ended or cannot become ready; 128 + N when signal N came.
 */
int mpr_start_await(struct mpr_family *family);

/* Ends the remotes after a failed start. They have served nobody, so that nothing is lost. */
void mpr_start_give_up(struct mpr_family *family);

#endif

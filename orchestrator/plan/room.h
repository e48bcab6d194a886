/* SPDX-License-Identifier: MIT */
/*
 * Room for guest memory that is backed by files. The kernel allocates a page when it is first
 * touched. If there is none left, the process gets SIGBUS, without a message and at any time after
 * the start; so it is checked before.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_ROOM_H
#define MPR_ORCHESTRATOR_PLAN_ROOM_H

/* Checks that the memory backends of a command line (ended by NULL) fit into their file systems and
 * into the free huge pages. 0, or -ENOSPC with *error set to a message that quotes the option
 * (free() it). */
int mpr_check_room(char *const *argv, char **error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Room for guest memory that is files. The kernel gives a file its pages when they are
 * first used, and ends the process by SIGBUS, without a word, if there are none: any
 * time after the start.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_ROOM_H
#define MPR_ORCHESTRATOR_PLAN_ROOM_H

/* That the memory backends of a command line (ended by NULL) have room where they are to be: on
 * their file systems, or in huge pages of their size. 0, or -ENOSPC with *error set to a message
 * that quotes the option (free() it). */
int mpr_check_room(char *const *argv, char **error);

#endif

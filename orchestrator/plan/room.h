/* SPDX-License-Identifier: MIT */
/*
 * Room for guest memory that is files. The kernel gives a file its pages when they are
 * first used, and ends the process by SIGBUS, without a word, if there are none: any
 * time after the start.
 */
#ifndef MPR_ORCHESTRATOR_PLAN_ROOM_H
#define MPR_ORCHESTRATOR_PLAN_ROOM_H

#include "opts/opts.h"

struct mpr_room;

/* Nothing is taken. For one machine's backends, or for one that is added later. */
struct mpr_room *mpr_room_create(void);
void mpr_room_free(struct mpr_room *room);

/*
 * Takes what an -object (its type in "qom-type") needs from what is free on its file
 * system or of the huge pages of its size. 0: there is room, or the object needs none, or
 * it cannot be told. -ENOSPC with *error set to a message that quotes the option
 * (free() it).
 */
int mpr_room_take(struct mpr_room *room, const struct mpr_opts *object, char **error);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Starting, stopping and waking the SCRIPTS engine, for everybody: nothing is
 * executed before ops->run().
 */
#ifndef MPR_DEV_LSI53C895A_ENGINE_H
#define MPR_DEV_LSI53C895A_ENGINE_H

#include "dev/lsi53c895a/state.h"

/* Starts at DSP, or where the engine waits, starts anew. */
void lsi_scripts_start(struct lsi_chip *chip);
/* Stops; a block move under way leaves its residue in the registers. */
void lsi_scripts_stop(struct lsi_chip *chip);
/* Something has happened that the engine may be waiting for. */
void lsi_wake(struct lsi_chip *chip);
/* Leaves the counters of the move in the registers. */
void lsi_move_finish(struct lsi_chip *chip);

#endif

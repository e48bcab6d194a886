/* SPDX-License-Identifier: MIT */
/*
 * Starting, stopping and waking the SCRIPTS engine, for everybody: nothing is
 * executed before ops->run().
 */
#ifndef MPR_DEV_LSI53C895A_CHIP_ENGINE_H
#define MPR_DEV_LSI53C895A_CHIP_ENGINE_H

#include "dev/lsi53c895a/chip/state.h"

/* Starts at DSP. An engine that runs is restarted only if it waits. */
void lsi_scripts_start(struct lsi_chip *chip);
/* Stops. A block move under way is finished first. */
void lsi_scripts_stop(struct lsi_chip *chip);
/* Something has happened that the engine may be waiting for. */
void lsi_wake(struct lsi_chip *chip);
/* Writes addresses and counts of the block move to the registers, as the chip does. */
void lsi_move_finish(struct lsi_chip *chip);

#endif

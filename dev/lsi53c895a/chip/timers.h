/* SPDX-License-Identifier: MIT */
/* The three timers of the SCSI core. */
#ifndef MPR_DEV_LSI53C895A_CHIP_TIMERS_H
#define MPR_DEV_LSI53C895A_CHIP_TIMERS_H

#include "dev/lsi53c895a/chip/state.h"

/* selection_expired() is called with the chip when nobody has answered a selection. */
void lsi_timers_init(struct lsi_chip *chip, void (*selection_expired)(void *chip));
/* A selection has begun that nobody answers. */
void lsi_timers_selecting(struct lsi_chip *chip);
/* The bus is free: stops the selection and handshake timers. */
void lsi_timers_bus_free(struct lsi_chip *chip);
/* STIME0 or STIME1 has been written. */
void lsi_timers_written(struct lsi_chip *chip, uint8_t reg);
void lsi_timers_stop(struct lsi_chip *chip);
/* Restarts the handshake timer: a handshake took place. */
void lsi_timers_measure_handshake(struct lsi_chip *chip);
static inline void lsi_timers_handshake(struct lsi_chip *chip)
{
	if (chip->regs.byte[LSI_STIME0] & 0xf0)
		lsi_timers_measure_handshake(chip);
}
/* Running timers follow the SCSI clock, which may have changed. */
void lsi_timers_changed(struct lsi_chip *chip);
static inline void lsi_timers_follow(struct lsi_chip *chip)
{
	if (chip->timers_running)
		lsi_timers_changed(chip);
}

#endif

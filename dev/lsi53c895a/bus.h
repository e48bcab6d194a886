/* SPDX-License-Identifier: MIT */
/* The target's side of the SCSI bus. */
#ifndef MPR_DEV_LSI53C895A_BUS_H
#define MPR_DEV_LSI53C895A_BUS_H

#include "dev/lsi53c895a/state.h"

/* The phase that the target drives, latched when there is one. */
int lsi_bus_phase(struct lsi_chip *chip);
/* SELECT won the arbitration; the target answers, or nobody. */
void lsi_bus_select(struct lsi_chip *chip, unsigned target, bool atn);
/* The end of an unanswered selection: now, and when its timer has expired. */
void lsi_bus_selection_timeout(struct lsi_chip *chip);
void lsi_bus_selection_expired(void *chip);
/* A waiting target reselects, when the bus is free. True: one did. */
bool lsi_bus_reselect(struct lsi_chip *chip);
void lsi_bus_release_ack(struct lsi_chip *chip);
void lsi_bus_set_atn(struct lsi_chip *chip);
/* The target goes on when nothing holds it; called after any change. */
void lsi_bus_advance(struct lsi_chip *chip);
/* The target gives up the nexus; aborts the task. */
void lsi_bus_abandon(struct lsi_chip *chip);
/* All tasks are cancelled, and everything forgets what it was doing; the guest
 * sees that when they have ended. */
void lsi_bus_reset(struct lsi_chip *chip);
/* The target received the CDB's next bytes; `len` is what the move offers. */
void lsi_bus_command_bytes(struct lsi_chip *chip, const uint8_t *bytes, unsigned len);
/* How many bytes of CDB the target still takes. */
unsigned lsi_bus_command_room(const struct lsi_chip *chip);
/* The status byte; the nexus ends. */
uint8_t lsi_bus_status_byte(struct lsi_chip *chip);
/* Disconnects when the target has nothing to do on the bus. */
void lsi_bus_idle(struct lsi_chip *chip);

#endif

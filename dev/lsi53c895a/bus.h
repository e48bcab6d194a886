/* SPDX-License-Identifier: MIT */
/* The target's side of the SCSI bus. */
#ifndef MPR_DEV_LSI53C895A_BUS_H
#define MPR_DEV_LSI53C895A_BUS_H

#include "dev/lsi53c895a/chip/state.h"

/* The phase that the target drives, which is latched in SSTAT1, or LSI_NO_PHASE. */
int lsi_bus_phase(struct lsi_chip *chip);
/* Selects a target. If none answers, the bus is LSI_BUS_SELECTING until a timeout. */
void lsi_bus_select(struct lsi_chip *chip, unsigned target, bool atn);
/* The end of an unanswered selection: now, and when its timer has expired. */
void lsi_bus_selection_timeout(struct lsi_chip *chip);
void lsi_bus_selection_expired(void *chip);
/* A waiting target reselects, when the bus is free. True: one did. */
bool lsi_bus_reselect(struct lsi_chip *chip);
/* Negates ACK; a target that it held goes on. */
void lsi_bus_release_ack(struct lsi_chip *chip);
void lsi_bus_set_atn(struct lsi_chip *chip);
/* Lets the target go on if nothing holds it. To be called after any change. */
void lsi_bus_advance(struct lsi_chip *chip);
/* Aborts the nexus and its task. */
void lsi_bus_abandon(struct lsi_chip *chip);
/* Cancels all tasks and forgets the nexus. The guest is told only when the tasks
 * have ended: until then they may access its memory. */
void lsi_bus_reset(struct lsi_chip *chip);
/* The CDB's next bytes, at most lsi_bus_command_room(). */
void lsi_bus_command_bytes(struct lsi_chip *chip, const uint8_t *bytes, unsigned len);
/* Bytes of CDB that the target still takes. */
unsigned lsi_bus_command_room(const struct lsi_chip *chip);
/* Takes the status byte. The task is freed and the nexus ends. */
uint8_t lsi_bus_status_byte(struct lsi_chip *chip);
/* Disconnects if the task is busy and the initiator allows it. */
void lsi_bus_idle(struct lsi_chip *chip);

#endif

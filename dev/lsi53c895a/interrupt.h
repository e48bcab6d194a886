/* SPDX-License-Identifier: MIT */
/* Conditions and the INTA# line. Whatever stops SCRIPTS stops them at once. */
#ifndef MPR_DEV_LSI53C895A_INTERRUPT_H
#define MPR_DEV_LSI53C895A_INTERRUPT_H

#include "dev/lsi53c895a/state.h"

void lsi_raise_dma(struct lsi_chip *chip, uint8_t dstat);
/* The same by an instruction, which ends: illegal, or its memory is out of reach. */
enum lsi_result lsi_illegal(struct lsi_chip *chip);
enum lsi_result lsi_bus_fault(struct lsi_chip *chip);
void lsi_raise_scsi(struct lsi_chip *chip, uint8_t sist0, uint8_t sist1);
void lsi_raise_on_the_fly(struct lsi_chip *chip);
/* The host takes the interrupt on the fly back. The line falls, and rises again, if
 * it must, by the second call, which run() makes. */
void lsi_acknowledge(struct lsi_chip *chip);
void lsi_after_acknowledge(struct lsi_chip *chip);
/* What ISTAT0.SIP and DIP say. */
bool lsi_scsi_pending(const struct lsi_chip *chip);
bool lsi_dma_pending(const struct lsi_chip *chip);
/* Reads and clears one byte of the visible conditions. */
uint8_t lsi_take_condition(struct lsi_chip *chip, uint8_t *condition);
void lsi_interrupt_reset(struct lsi_chip *chip);
/* Drives INTA# as the registers say. */
void lsi_irq_update(struct lsi_chip *chip);

#endif

/* SPDX-License-Identifier: MIT */
/* Interrupt conditions and the INTA# line. */
#ifndef MPR_DEV_LSI53C895A_CHIP_INTERRUPT_H
#define MPR_DEV_LSI53C895A_CHIP_INTERRUPT_H

#include "dev/lsi53c895a/chip/state.h"

/* Raises conditions of DSTAT. SCRIPTS stop. */
void lsi_raise_dma(struct lsi_chip *chip, uint8_t dstat);
/* The same for an instruction that is illegal, or whose memory cannot be accessed. */
enum lsi_result lsi_illegal(struct lsi_chip *chip);
enum lsi_result lsi_bus_fault(struct lsi_chip *chip);
/* Raises conditions of SIST0 and SIST1. SCRIPTS stop, unless these are non-fatal
 * and masked. */
void lsi_raise_scsi(struct lsi_chip *chip, uint8_t sist0, uint8_t sist1);
/* INTFLY: SCRIPTS go on. */
void lsi_raise_on_the_fly(struct lsi_chip *chip);
/* The host clears ISTAT0.INTF: the line falls. If something is still pending, it rises
 * again by the second call, from run(), so that an edge-triggered host sees it. */
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

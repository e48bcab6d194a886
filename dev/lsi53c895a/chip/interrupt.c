/* SPDX-License-Identifier: MIT */
/*
 * Interrupts. Conditions of the DMA core (DSTAT) and of the SCSI core (SIST0,
 * SIST1) are visible to the host, or, while the host has not yet read earlier
 * ones, stacked behind them and moved up when those have been read.
 */
#include "dev/lsi53c895a/chip/interrupt.h"

#include "dev/lsi53c895a/chip/engine.h"

/* Non-fatal conditions that are masked do not stop SCRIPTS and are not pending. */
static bool scsi_counts(const struct lsi_chip *chip, const struct lsi_conditions *c)
{
	const uint8_t *reg = chip->regs.byte;

	return (c->sist0 & (reg[LSI_SIEN0] | ~LSI_SIST0_NON_FATAL) & 0xff) ||
	       (c->sist1 & (reg[LSI_SIEN1] | ~LSI_SIST1_NON_FATAL) & 0xff);
}

bool lsi_scsi_pending(const struct lsi_chip *chip)
{
	return scsi_counts(chip, &chip->visible);
}

bool lsi_dma_pending(const struct lsi_chip *chip)
{
	return chip->visible.dstat != 0;
}

static bool line_level(const struct lsi_chip *chip)
{
	const uint8_t *reg = chip->regs.byte;
	bool wanted = chip->intf || (chip->visible.dstat & reg[LSI_DIEN] & 0x7f) ||
		      (chip->visible.sist0 & reg[LSI_SIEN0]) ||
		      (chip->visible.sist1 & reg[LSI_SIEN1]);

	if (reg[LSI_DCNTL] & LSI_DCNTL_IRQD)
		return false;
	/* ISTAT1.SI leaves an asserted line asserted, and keeps one that is not from rising. */
	if (reg[LSI_ISTAT1] & LSI_ISTAT1_SI)
		return wanted && chip->irq;
	return wanted;
}

void lsi_irq_update(struct lsi_chip *chip)
{
	bool level = line_level(chip);

	chip->stats.interrupts += level && !chip->irq;
	chip->irq = level;
	mpr_irq_set(&chip->dev, chip->irq);
}

static void merge(struct lsi_conditions *into, const struct lsi_conditions *from)
{
	into->dstat |= from->dstat;
	into->sist0 |= from->sist0;
	into->sist1 |= from->sist1;
}

static void raise_conditions(struct lsi_chip *chip, const struct lsi_conditions *c)
{
	bool pending = lsi_scsi_pending(chip) || lsi_dma_pending(chip);
	bool counts = c->dstat || scsi_counts(chip, c);

	merge(pending && counts ? &chip->stacked : &chip->visible, c);
	if (counts)
		lsi_scripts_stop(chip);
	lsi_irq_update(chip);
}

void lsi_raise_dma(struct lsi_chip *chip, uint8_t dstat)
{
	raise_conditions(chip, &(struct lsi_conditions){.dstat = dstat});
}

enum lsi_result lsi_illegal(struct lsi_chip *chip)
{
	lsi_raise_dma(chip, LSI_DSTAT_IID);
	return LSI_FINISHED;
}

enum lsi_result lsi_bus_fault(struct lsi_chip *chip)
{
	lsi_raise_dma(chip, LSI_DSTAT_BF);
	return LSI_FINISHED;
}

void lsi_raise_scsi(struct lsi_chip *chip, uint8_t sist0, uint8_t sist1)
{
	raise_conditions(chip, &(struct lsi_conditions){.sist0 = sist0, .sist1 = sist1});
}

void lsi_raise_on_the_fly(struct lsi_chip *chip)
{
	if (chip->intf && mpr_irq_acknowledged(&chip->dev))
		chip->intf_again = true;
	chip->intf = true;
	lsi_irq_update(chip);
}

void lsi_acknowledge(struct lsi_chip *chip)
{
	chip->intf = false;
	chip->irq = line_level(chip);
	chip->acknowledged = true;
	mpr_irq_set(&chip->dev, false);
}

void lsi_after_acknowledge(struct lsi_chip *chip)
{
	if (!chip->acknowledged)
		return;
	chip->acknowledged = false;
	chip->intf |= chip->intf_again;
	chip->intf_again = false;
	lsi_irq_update(chip);
}

/* The line falls between two interrupts, for an edge-triggered host. */
static void unstack(struct lsi_chip *chip)
{
	lsi_irq_update(chip);
	if (lsi_scsi_pending(chip) || lsi_dma_pending(chip))
		return;
	merge(&chip->visible, &chip->stacked);
	chip->stacked = (struct lsi_conditions){0};
	lsi_irq_update(chip);
}

uint8_t lsi_take_condition(struct lsi_chip *chip, uint8_t *condition)
{
	uint8_t value = *condition;

	*condition = 0;
	unstack(chip);
	return value;
}

void lsi_interrupt_reset(struct lsi_chip *chip)
{
	chip->visible = (struct lsi_conditions){0};
	chip->stacked = (struct lsi_conditions){0};
	chip->intf = chip->intf_again = chip->acknowledged = false;
	lsi_irq_update(chip);
}

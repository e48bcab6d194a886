/* SPDX-License-Identifier: MIT */
/*
 * The operating registers, byte by byte: what is stored, what is computed on a
 * read, and what a write sets off. Wider accesses are bytes in ascending order.
 */
#include "dev/lsi53c895a/registers.h"

#include <string.h>

#include "dev/lsi53c895a/bus.h"
#include "dev/lsi53c895a/chip/engine.h"
#include "dev/lsi53c895a/chip/interrupt.h"
#include "dev/lsi53c895a/chip/message_in.h"
#include "dev/lsi53c895a/chip/timers.h"

/* Bits that a write stores. Registers that are not named are read-only. */
static const uint8_t stored[LSI_REGISTERS] = {
	[LSI_SCNTL0] = 0xff,
	[LSI_SCNTL1] = 0xff & ~LSI_SCNTL1_CON,
	[LSI_SCNTL2] = 0xf2, /* writing 1 to WSR and WSS clears them */
	[LSI_SCNTL3... LSI_SOCL] = 0xff,
	[LSI_DSA... LSI_DSA + 3] = 0xff,
	[LSI_ISTAT0] = LSI_ISTAT0_ABRT | LSI_ISTAT0_SIGP | LSI_ISTAT0_SEM,
	[LSI_ISTAT1] = LSI_ISTAT1_SI,
	[LSI_MBOX0... LSI_MBOX1] = 0xff,
	[LSI_CTEST2] = LSI_CTEST2_PCICIE,
	[LSI_CTEST3] = 0x03, /* FLF and CLF clear themselves */
	[LSI_TEMP... LSI_CTEST4] = 0xff,
	[LSI_CTEST5] = 0x3f, /* ADCK and BBCK clear themselves */
	[LSI_CTEST6... LSI_DIEN] = 0xff,
	[LSI_SBR] = 0xff,
	[LSI_DCNTL] = 0xff & ~(LSI_DCNTL_STD | LSI_DCNTL_PFF),
	[LSI_SIEN0... LSI_SIEN1] = 0xff,
	[LSI_SLPAR] = 0xff,
	[LSI_MACNTL] = 0x0f,
	[LSI_GPCNTL0... LSI_RESPID1] = 0xff,
	[LSI_STEST1] = 0xff,
	[LSI_STEST2] = 0xff & ~LSI_STEST2_ROF,
	[LSI_STEST3] = 0xff & ~LSI_STEST3_CSF,
	[LSI_SODL... LSI_CCNTL1] = 0xff,
	[LSI_SCRATCHB... LSI_SBC - 1] = 0xff,
	[LSI_CSBC... LSI_CSBC + 3] = 0xff,
};

void lsi_registers_reset(struct lsi_registers *r)
{
	uint8_t com = r->byte[LSI_DCNTL] & LSI_DCNTL_COM;

	memset(r, 0, sizeof(*r));
	memset(r->byte + LSI_RESERVED, 0xff, LSI_REGISTERS - LSI_RESERVED);
	r->byte[LSI_SCNTL0] = 0xc0;
	r->byte[LSI_SCID] = 7;
	r->byte[LSI_CTEST0] = 0xff;
	r->byte[LSI_DCMD] = 0x40;
	r->byte[LSI_DCNTL] = com;
	r->byte[LSI_MACNTL] = 0x0f;
	r->byte[LSI_GPCNTL0] = 0x0f;
	r->byte[LSI_RESPID0] = 0x80;
	r->byte[LSI_STEST0] = 0x03;
	r->byte[LSI_STEST4] = 0xe0; /* LVD, PLL locked */
}

void lsi_soft_reset(struct lsi_chip *chip)
{
	lsi_scripts_stop(chip);
	lsi_timers_stop(chip);
	lsi_bus_reset(chip);
	chip->surprised = false;
	lsi_registers_reset(&chip->regs);
	lsi_interrupt_reset(chip);
}

static uint8_t istat0(const struct lsi_chip *chip)
{
	uint8_t value = chip->regs.byte[LSI_ISTAT0];

	if (chip->bus.state == LSI_BUS_CONNECTED)
		value |= LSI_ISTAT0_CON;
	if (chip->intf)
		value |= LSI_ISTAT0_INTF;
	if (lsi_scsi_pending(chip))
		value |= LSI_ISTAT0_SIP;
	if (lsi_dma_pending(chip))
		value |= LSI_ISTAT0_DIP;
	return value;
}

/* Reading CTEST2 returns SIGP and clears it. */
static uint8_t take_ctest2(struct lsi_chip *chip)
{
	uint8_t *status = &chip->regs.byte[LSI_ISTAT0];
	uint8_t value = chip->regs.byte[LSI_CTEST2] | LSI_CTEST2_CM | LSI_CTEST2_DACK;

	if (*status & LSI_ISTAT0_SIGP)
		value |= LSI_CTEST2_SIGP;
	*status &= ~LSI_ISTAT0_SIGP;
	return value;
}

static uint8_t take_dstat(struct lsi_chip *chip)
{
	uint8_t value = lsi_take_condition(chip, &chip->visible.dstat) | LSI_DSTAT_DFE;

	/* ABRT interrupts again until the host clears it. */
	if (chip->regs.byte[LSI_ISTAT0] & LSI_ISTAT0_ABRT)
		lsi_raise_dma(chip, LSI_DSTAT_ABRT);
	return value;
}

/* The bus lines as they are. */
static uint8_t bus_lines(const struct lsi_chip *chip)
{
	const struct lsi_bus *bus = &chip->bus;

	if (bus->state != LSI_BUS_CONNECTED)
		return 0;
	return LSI_LINE_BSY | (bus->ack ? LSI_LINE_ACK | LSI_LINE_REQ : 0) |
	       (bus->atn ? LSI_LINE_ATN : 0) | (chip->regs.byte[LSI_SSTAT1] & 7);
}

static uint8_t data_lines(const struct lsi_chip *chip)
{
	const struct lsi_bus *bus = &chip->bus;

	if (bus->state != LSI_BUS_CONNECTED || !lsi_messages_pending(bus))
		return 0;
	return bus->message[bus->message_pos];
}

/* A read that has no side effects. */
static uint8_t look(const struct lsi_chip *chip, uint8_t reg)
{
	uint8_t value = chip->regs.byte[reg];

	switch (reg) {
	case LSI_SCNTL1:
		return value | (chip->bus.state == LSI_BUS_CONNECTED ? LSI_SCNTL1_CON : 0);
	case LSI_GPREG0: /* pins that are inputs read 1 */
		return ((value | chip->regs.byte[LSI_GPCNTL0]) & 0x1f) | 0x60;
	case LSI_SBCL:
		return bus_lines(chip);
	case LSI_SSTAT0:
		return value | (chip->regs.byte[LSI_SCNTL1] & LSI_SCNTL1_RST ? LSI_SSTAT0_RST : 0);
	case LSI_SSTAT2:
		return chip->bus.state == LSI_BUS_CONNECTED ? 0 : LSI_SSTAT2_LDSC;
	case LSI_ISTAT0:
		return istat0(chip);
	case LSI_ISTAT1:
		return value | (chip->running ? LSI_ISTAT1_SRUN : 0);
	case LSI_SBDL:
		return data_lines(chip);
	default:
		return value;
	}
}

uint8_t lsi_register_read(struct lsi_chip *chip, uint8_t reg)
{
	switch (reg) {
	case LSI_DSTAT:
		return take_dstat(chip);
	case LSI_CTEST2:
		return take_ctest2(chip);
	case LSI_SIST0:
		return lsi_take_condition(chip, &chip->visible.sist0);
	case LSI_SIST1:
		return lsi_take_condition(chip, &chip->visible.sist1);
	default:
		return look(chip, reg);
	}
}

/* Registers whose value is computed. */
static const uint8_t computed[] = {LSI_SCNTL1, LSI_GPREG0, LSI_SBCL,   LSI_SSTAT0,
				   LSI_SSTAT2, LSI_ISTAT0, LSI_ISTAT1, LSI_SBDL};

/* The bytes that MPR_SHADOW_BIT()s hide. */
#define ALL_BUT(bits) (uint8_t) ~(bits)

const struct mpr_shadow_map lsi_shadow = {
	.span = {LSI_REGISTERS, LSI_REGISTER_BAR},
	.readable =
		{
			[0] = 0xff,
			[LSI_DSTAT / 8] = ALL_BUT(MPR_SHADOW_BIT(LSI_DSTAT)),
			[LSI_DSTAT / 8 + 1] = 0xff,
			[LSI_CTEST2 / 8] = ALL_BUT(MPR_SHADOW_BIT(LSI_CTEST2)),
			[LSI_CTEST2 / 8 + 1 ... LSI_SIST0 / 8 - 1] = 0xff,
			[LSI_SIST0 / 8] =
				ALL_BUT(MPR_SHADOW_BIT(LSI_SIST0) | MPR_SHADOW_BIT(LSI_SIST1)),
			[LSI_SIST0 / 8 + 1 ... LSI_REGISTERS / 8 - 1] = 0xff,
		},
	/* The end of an interrupt on the fly. */
	.ack_offset = LSI_ISTAT0,
	.ack_clears = LSI_ISTAT0_INTF,
	.ack_keeps = LSI_ISTAT0_SIGP | LSI_ISTAT0_SEM,
	.ack_none = LSI_ISTAT0_ABRT | LSI_ISTAT0_SIP | LSI_ISTAT0_DIP,
	.ack_looks = true,
};

void lsi_peek(const struct mpr_device *dev, uint8_t image[MPR_SHADOW_SIZE])
{
	const struct lsi_chip *chip = (const struct lsi_chip *)dev;

	memcpy(image, chip->regs.byte, LSI_REGISTERS);
	for (unsigned i = 0; i < sizeof(computed); i++)
		image[computed[i]] = look(chip, computed[i]);
}

static void write_istat0(struct lsi_chip *chip, uint8_t value)
{
	if (value & LSI_ISTAT0_SRST) {
		lsi_soft_reset(chip);
		return;
	}
	if (value & LSI_ISTAT0_INTF)
		lsi_acknowledge(chip);
	if (value & LSI_ISTAT0_ABRT)
		lsi_raise_dma(chip, LSI_DSTAT_ABRT);
	lsi_wake(chip);
}

static void write_scntl1(struct lsi_chip *chip, uint8_t before, uint8_t value)
{
	if (!(value & LSI_SCNTL1_RST) || (before & LSI_SCNTL1_RST))
		return;
	lsi_scripts_stop(chip);
	lsi_bus_reset(chip);
	mpr_scsi_bus_was_reset(mpr_scsi_bus_of(chip->dev.bus), MPR_SCSI_RESET_BUS);
	chip->resetting = true;
	lsi_bus_advance(chip);
}

void lsi_register_write(struct lsi_chip *chip, uint8_t reg, uint8_t value)
{
	uint8_t before = chip->regs.byte[reg];

	if (reg == LSI_SFBR)
		chip->regs.byte[reg] = value;
	else
		chip->regs.byte[reg] = (before & ~stored[reg]) | (value & stored[reg]);

	switch (reg) {
	case LSI_SCNTL1:
		write_scntl1(chip, before, value);
		break;
	case LSI_ISTAT0:
		write_istat0(chip, value);
		break;
	case LSI_ISTAT1:
	case LSI_DIEN:
	case LSI_SIEN0:
	case LSI_SIEN1:
		lsi_irq_update(chip);
		break;
	case LSI_DSP + 3:
		if (!(chip->regs.byte[LSI_DMODE] & LSI_DMODE_MAN))
			lsi_scripts_start(chip);
		break;
	case LSI_DCNTL:
		lsi_irq_update(chip);
		if (value & LSI_DCNTL_STD)
			lsi_scripts_start(chip);
		break;
	case LSI_STIME0:
	case LSI_STIME1:
		lsi_timers_written(chip, reg);
		break;
	case LSI_SCNTL3:
	case LSI_STEST1:
	case LSI_STEST3:
		lsi_timers_follow(chip);
		break;
	}
}

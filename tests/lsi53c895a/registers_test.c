/* SPDX-License-Identifier: MIT */
/* The registers read, write and reset as drivers expect when they probe the chip. */
#include <string.h>

#include "tests/lsi53c895a/machine.h"
#include "tests/lsi53c895a/targets.h"

CHIP_TEST(identity)
{
	static const uint8_t expected[16] = {0x00, 0x10, 0x12, 0x00, 0x07, 0,	 0, 0,
					     0,	   0,	 0x00, 0x01, 0,	   0xff, 0, 0};
	struct machine *m = *state;

	assert_memory_equal(m->dev->pci.config, expected, sizeof(expected));
	assert_int_equal(mpr_pci_config_read(&m->dev->pci, 0x2c, 4), 0x10000000);
	assert_int_equal(mpr_pci_config_read(&m->dev->pci, 0x3d, 1), 1);
	mpr_pci_config_write(&m->dev->pci, 0x14, 4, 0xffffffff);
	assert_int_equal(mpr_pci_config_read(&m->dev->pci, 0x14, 4), 0xfffffc00);
	mpr_pci_config_write(&m->dev->pci, 0x18, 4, 0xffffffff);
	assert_int_equal(mpr_pci_config_read(&m->dev->pci, 0x18, 4), 0xffffe000);
	mpr_pci_config_write(&m->dev->pci, 0x10, 4, 0xffffffff);
	assert_int_equal(mpr_pci_config_read(&m->dev->pci, 0x10, 4), 0xffffff01);
}

/* As that of QEMU's adapter, byte by byte, whatever was written before. */
CHIP_TEST(configuration_after_reset)
{
	static const uint8_t expected[MPR_PCI_CONFIG_SIZE] = {
		[0x00] = 0x00,
		0x10,
		0x12,
		0x00, /* vendor, device */
		[0x0a] = 0x00,
		0x01,
		0x00,
		0xff,		       /* class, cache line, latency timer */
		[MPR_PCI_BAR0] = 0x01, /* in I/O space */
		[0x2c] = 0x00,
		0x00,
		0x00,
		0x10, /* subsystem */
		[MPR_PCI_INTERRUPT_PIN] = 0x01,
	};
	struct machine *m = *state;

	for (unsigned offset = 0; offset < MPR_PCI_CONFIG_SIZE; offset++)
		mpr_pci_config_write(&m->dev->pci, offset, 1, 0xff);
	mpr_pci_reset(&m->dev->pci);
	m->dev->ops->reset(m->dev);
	assert_memory_equal(m->dev->pci.config, expected, sizeof(expected));
}

CHIP_TEST(reset_values)
{
	struct machine *m = *state;

	assert_int_equal(rd8(m, LSI_SCNTL0), 0xc0);
	assert_int_equal(rd8(m, LSI_SCID), 7);
	assert_int_equal(rd32(m, LSI_DSTAT), 0x02000080);
	assert_int_equal(rd8(m, LSI_STEST4), 0xe0);
	assert_int_equal(rd8(m, LSI_GPCNTL0), 0x0f);
	assert_int_equal(rd8(m, LSI_GPREG0) & 0x0f, 0x0f);
	assert_int_equal(rd8(m, LSI_MACNTL), 0x0f);
	assert_int_equal(rd16(m, LSI_RESPID0), 0x0080);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0);
}

CHIP_TEST(registers_repeat_in_memory_space)
{
	struct machine *m = *state;

	wr32(m, LSI_SCRATCHA + 0x100, 0x12345678);
	assert_int_equal(rd32(m, LSI_SCRATCHA + 0x300), 0x12345678);
	assert_int_equal(m->dev->ops->read(m->dev, 0, LSI_SCRATCHA + 1, 2), 0x3456);
	assert_int_equal(m->dev->ops->read(m->dev, 1, LSI_SCRATCHA, 8) & 0xffffffff, 0x12345678);
}

CHIP_TEST(host_cannot_write_read_only_registers)
{
	struct machine *m = *state;

	wr32(m, LSI_DSTAT, 0xffffffff);
	assert_int_equal(rd32(m, LSI_DSTAT), 0x02000080);
	wr8(m, LSI_SFBR, 0x55);
	assert_int_equal(rd8(m, LSI_SFBR), 0);
	wr16(m, LSI_SOCL + 1, 0xffff);
	assert_int_equal(rd16(m, LSI_SOCL + 1), 0);
	wr8(m, LSI_RESERVED, 1);
	assert_int_equal(rd8(m, LSI_RESERVED), 0xff);
}

CHIP_TEST(residue_bits_clear_when_one_is_written)
{
	struct machine *m = *state;

	m->chip->regs.byte[LSI_SCNTL2] = LSI_SCNTL2_WSR | LSI_SCNTL2_WSS;
	wr8(m, LSI_SCNTL2, LSI_SCNTL2_WSR | LSI_SCNTL2_WSS);
	assert_int_equal(rd8(m, LSI_SCNTL2) & LSI_SCNTL2_WSR, LSI_SCNTL2_WSR);
}

CHIP_TEST(scripts_ram_is_plain_memory)
{
	struct machine *m = *state;

	assert_int_equal(m->dev->ops->read(m->dev, 2, 0x1ff0, 4), 0);
	m->dev->ops->write(m->dev, 2, 0x1ffc, 4, 0xcafef00d);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	assert_int_equal(m->dev->ops->read(m->dev, 2, 0x1ffe, 2), 0xcafe);
	assert_int_equal(m->dev->ops->read(m->dev, 2, 0x1ffe, 4), 0xffffcafe);
}

CHIP_TEST(soft_reset_clears_itself)
{
	struct machine *m = *state;

	wr8(m, LSI_DCNTL, LSI_DCNTL_COM | 0x80);
	wr32(m, LSI_SCRATCHA, 1);
	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0);
	assert_int_equal(rd32(m, LSI_SCRATCHA), 0);
	assert_int_equal(rd8(m, LSI_DCNTL), LSI_DCNTL_COM);
	m->dev->ops->reset(m->dev);
	assert_int_equal(rd8(m, LSI_DCNTL), 0);
	assert_int_equal(targets_of(m->dev->bus)->power_ons, 1);
}

CHIP_TEST(sigp_is_read_and_cleared_through_ctest2)
{
	struct machine *m = *state;

	wr8(m, LSI_ISTAT0, LSI_ISTAT0_SIGP | LSI_ISTAT0_SEM);
	assert_int_equal(rd8(m, LSI_ISTAT0), LSI_ISTAT0_SIGP | LSI_ISTAT0_SEM);
	assert_int_equal(rd8(m, LSI_CTEST2), 0x51);
	assert_int_equal(rd8(m, LSI_CTEST2), 0x11);
	assert_int_equal(rd8(m, LSI_ISTAT0), LSI_ISTAT0_SEM);
}

/* The cache test that the Linux driver runs first. */
CHIP_TEST(snoop_test)
{
	struct machine *m = *state;

	put32(m, DATA, 1);
	put32(m, DATA + 4, 0);
	op_load(m, LSI_SCRATCHA, 4, DATA);
	op_store(m, LSI_TEMP, 4, DATA + 4);
	op_load(m, LSI_TEMP, 4, DATA + 4);
	op_int(m, 99);
	wr8(m, LSI_CTEST4, 0x08);
	wr32(m, LSI_TEMP, 2);
	start(m, PROGRAM);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0x01);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x84);
	assert_int_equal(rd8(m, LSI_DSTAT), 0x80);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0x00);
	assert_int_equal(rd32(m, LSI_DSP), m->pc);
	assert_int_equal(rd32(m, LSI_SCRATCHA), 1);
	assert_int_equal(rd32(m, LSI_TEMP), 2);
	assert_int_equal(get32(m, DATA + 4), 2);
	assert_false(m->irq);
}

CHIP_TEST(bus_reset_shows_a_quiet_bus)
{
	struct machine *m = *state;

	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	assert_int_equal(rd8(m, LSI_SSTAT0), 0x02);
	assert_int_equal(rd8(m, LSI_SSTAT2), 0x02);
	assert_int_equal(rd16(m, LSI_SBDL), 0);
	assert_int_equal(rd8(m, LSI_SBCL), 0);
	wr8(m, LSI_SCNTL1, LSI_SCNTL1_RST);
	assert_int_equal(rd8(m, LSI_SIST0), LSI_SIST0_RST);
	assert_int_equal(rd8(m, LSI_SIST0), 0);
	wr8(m, LSI_SCNTL1, 0);
	assert_int_equal(rd8(m, LSI_SSTAT0), 0);
	assert_int_equal(targets_of(m->dev->bus)->bus_resets, 1);
}

CHIP_TEST(manual_start_waits_for_std)
{
	struct machine *m = *state;

	op_int(m, 5);
	wr8(m, LSI_DMODE, LSI_DMODE_MAN);
	start(m, PROGRAM);
	assert_int_equal(rd8(m, LSI_ISTAT0), 0);
	wr8(m, LSI_DCNTL, LSI_DCNTL_STD);
	assert_int_equal(rd8(m, LSI_DCNTL), 0);
	go(m);
	expect_int(m, 5);
}

static bool has_side_effect(unsigned reg)
{
	return reg == LSI_DSTAT || reg == LSI_CTEST2 || reg == LSI_SIST0 || reg == LSI_SIST1;
}

/* With a command on the bus and conditions pending. */
CHIP_TEST(shadow_is_what_reads_would_return)
{
	struct machine *m = *state;
	const struct mpr_device_ops *ops = m->dev->ops;
	uint8_t image[MPR_SHADOW_SIZE];

	for (unsigned reg = LSI_SCRATCHA; reg < LSI_SCRATCHA + 4; reg++)
		wr8(m, reg, reg);
	wr8(m, LSI_DIEN, 0x7f);
	op_select_atn(m, 0, PROGRAM);
	op_int_fly(m);
	op_int(m, 0x12345678);
	start(m, PROGRAM);
	ops->peek(m->dev, image);
	assert_int_equal(image[LSI_ISTAT0], LSI_ISTAT0_CON | LSI_ISTAT0_INTF | LSI_ISTAT0_DIP);
	assert_int_equal(image[LSI_DSPS], 0x78);
	for (unsigned reg = 0; reg < LSI_REGISTERS; reg++) {
		bool readable = ops->shadow->readable[reg / 8] & MPR_SHADOW_BIT(reg);

		assert_int_equal(readable, !has_side_effect(reg));
		if (readable)
			assert_int_equal(rd8(m, reg), image[reg]);
	}
	assert_true(m->irq);
}

CHIP_TEST(shadow_shows_the_cause_when_the_line_rises)
{
	struct machine *m = *state;

	op_int_fly(m);
	op_int(m, 7);
	start(m, PROGRAM);
	assert_true(m->risen[LSI_ISTAT0] & LSI_ISTAT0_INTF);
}

/* While the chip is idle. */
CHIP_TEST(acknowledgement_does_what_the_shadow_says)
{
	const uint8_t keeps = LSI_ISTAT0_SIGP | LSI_ISTAT0_SEM;
	struct machine *m = *state;
	const struct mpr_device_ops *ops = m->dev->ops;
	const struct mpr_shadow_map *shadow = ops->shadow;
	uint8_t before[MPR_SHADOW_SIZE], after[MPR_SHADOW_SIZE];

	assert_int_equal(shadow->ack_keeps, keeps);
	for (unsigned kept = 0; kept <= 0xff; kept++) {
		if (kept & ~keeps)
			continue;
		op_int_fly(m);
		op_wait_reselect(m, PROGRAM);
		start(m, m->pc - 16);
		wr8(m, LSI_ISTAT0, kept);
		ops->peek(m->dev, before);
		assert_true(m->irq);
		assert_int_equal(before[shadow->ack_offset] & shadow->ack_none, 0);
		wr8(m, shadow->ack_offset, shadow->ack_clears | kept);
		assert_false(m->irq);
		ops->peek(m->dev, after);
		before[shadow->ack_offset] &= ~shadow->ack_clears;
		assert_memory_equal(after, before, sizeof(after));
		wr8(m, LSI_ISTAT0, LSI_ISTAT0_SRST);
	}
}

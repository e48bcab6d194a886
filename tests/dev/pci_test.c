/* SPDX-License-Identifier: MIT */
/* Proves that configuration space behaves as PCI 3.0, chapter 6, says: fixed
 * identity, BAR sizing, writable bits, reset, and address decoding. */

#include "dev/host.h"
#include "tests/common/unit.h"

static const struct mpr_pci_info info = {
	.vendor_id = 0x1000,
	.device_id = 0x0012,
	.subsystem_vendor_id = 0x1af4,
	.subsystem_id = 0x1000,
	.class_code = 0x010000,
	.revision = 3,
	.interrupt_pin = 1,
	.latency_timer = 0x40,
	.bar = {{MPR_BAR_IO, 256}, {MPR_BAR_MEM32, 1024}, {MPR_BAR_RAM32, 8192}},
};

static int setup(void **state)
{
	static struct mpr_pci pci;

	mpr_pci_init(&pci, &info);
	*state = &pci;
	return 0;
}

UNIT_TEST_WITH(identity_is_where_pci_puts_it, setup, NULL)
{
	struct mpr_pci *pci = *state;

	assert_int_equal(mpr_pci_config_read(pci, 0x00, 4), 0x00121000);
	assert_int_equal(mpr_pci_config_read(pci, 0x08, 4), 0x01000003);
	assert_int_equal(mpr_pci_config_read(pci, 0x2c, 4), 0x10001af4);
	assert_int_equal(mpr_pci_config_read(pci, 0x3c, 4), 0x00000100);
	assert_int_equal(mpr_pci_config_read(pci, 0x34, 1), 0);
}

UNIT_TEST_WITH(latency_timer_begins_as_described, setup, NULL)
{
	struct mpr_pci *pci = *state;

	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_LATENCY_TIMER, 1), 0x40);
	mpr_pci_config_write(pci, MPR_PCI_LATENCY_TIMER, 1, 0x10);
	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_LATENCY_TIMER, 1), 0x10);
	mpr_pci_reset(pci);
	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_LATENCY_TIMER, 1), 0x40);
}

UNIT_TEST_WITH(identity_cannot_be_written, setup, NULL)
{
	struct mpr_pci *pci = *state;

	mpr_pci_config_write(pci, 0x00, 4, 0);
	mpr_pci_config_write(pci, 0x08, 4, UINT32_MAX);
	mpr_pci_config_write(pci, 0x3d, 1, 4);
	assert_int_equal(mpr_pci_config_read(pci, 0x00, 4), 0x00121000);
	assert_int_equal(mpr_pci_config_read(pci, 0x08, 4), 0x01000003);
	assert_int_equal(mpr_pci_config_read(pci, 0x3d, 1), 1);
}

UNIT_TEST_WITH(bar_sizing_tells_kind_and_size, setup, NULL)
{
	static const uint32_t sized[MPR_PCI_NUM_BARS] = {0xffffff01, 0xfffffc00, 0xffffe000};
	struct mpr_pci *pci = *state;

	for (unsigned bar = 0; bar < MPR_PCI_NUM_BARS; bar++) {
		mpr_pci_config_write(pci, MPR_PCI_BAR0 + 4 * bar, 4, UINT32_MAX);
		assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_BAR0 + 4 * bar, 4), sized[bar]);
	}
}

UNIT_TEST_WITH(bar_may_be_written_by_bytes, setup, NULL)
{
	struct mpr_pci *pci = *state;

	for (unsigned i = 0; i < 4; i++)
		mpr_pci_config_write(pci, MPR_PCI_BAR0 + 4 + i, 1, 0xf0 + i);
	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_BAR0 + 4, 4), 0xf3f2f000);
}

UNIT_TEST_WITH(command_keeps_only_what_the_function_has, setup, NULL)
{
	struct mpr_pci *pci = *state;

	mpr_pci_config_write(pci, MPR_PCI_COMMAND, 2, 0xffff);
	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_COMMAND, 2), 0x0547);
}

UNIT_TEST_WITH(function_without_io_cannot_enable_it, setup, NULL)
{
	static const struct mpr_pci_info memory_only = {.bar = {{MPR_BAR_MEM32, 16}}};
	struct mpr_pci *pci = *state;

	mpr_pci_init(pci, &memory_only);
	mpr_pci_config_write(pci, MPR_PCI_COMMAND, 2, 0xffff);
	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_COMMAND, 2), 0x0546);
}

UNIT_TEST_WITH(access_that_leaves_the_space_is_void, setup, NULL)
{
	struct mpr_pci *pci = *state;

	mpr_pci_config_write(pci, 0xfe, 4, 0);
	mpr_pci_config_write(pci, 0x100, 1, 0);
	mpr_pci_config_write(pci, UINT32_MAX, 2, 0);
	assert_true(mpr_pci_config_read(pci, 0xfe, 4) == UINT32_MAX);
	assert_true(mpr_pci_config_read(pci, 0x100, 1) == UINT32_MAX);
	assert_true(mpr_pci_config_read(pci, UINT32_MAX, 4) == UINT32_MAX);
	assert_int_equal(mpr_pci_config_read(pci, 0xfc, 4), 0);
}

UNIT_TEST_WITH(odd_size_is_void, setup, NULL)
{
	struct mpr_pci *pci = *state;

	mpr_pci_config_write(pci, MPR_PCI_INTERRUPT_LINE, 3, 0x0b);
	assert_int_equal(mpr_pci_config_read(pci, MPR_PCI_INTERRUPT_LINE, 1), 0);
	assert_true(mpr_pci_config_read(pci, 0, 8) == UINT32_MAX);
}

UNIT_TEST_WITH(bus_master_follows_the_command_register, setup, NULL)
{
	struct mpr_pci *pci = *state;

	assert_false(mpr_pci_bus_master(pci));
	mpr_pci_config_write(pci, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_MASTER);
	assert_true(mpr_pci_bus_master(pci));
}

UNIT_TEST_WITH(bar_answers_only_when_its_space_is_enabled, setup, NULL)
{
	struct mpr_pci *pci = *state;
	uint64_t addr = 0;

	mpr_pci_config_write(pci, MPR_PCI_BAR0, 4, 0xc001);
	mpr_pci_config_write(pci, MPR_PCI_BAR0 + 8, 4, 0xfebf0000);
	assert_false(mpr_pci_bar_address(pci, 0, &addr));
	assert_false(mpr_pci_bar_address(pci, 2, &addr));

	mpr_pci_config_write(pci, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_IO);
	assert_true(mpr_pci_bar_address(pci, 0, &addr));
	assert_int_equal(addr, 0xc000);
	assert_false(mpr_pci_bar_address(pci, 2, &addr));

	mpr_pci_config_write(pci, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_MEMORY);
	assert_false(mpr_pci_bar_address(pci, 0, &addr));
	assert_true(mpr_pci_bar_address(pci, 2, &addr));
	assert_int_equal(addr, 0xfebf0000);
}

UNIT_TEST_WITH(missing_bar_never_answers, setup, NULL)
{
	struct mpr_pci *pci = *state;
	uint64_t addr;

	mpr_pci_config_write(pci, MPR_PCI_COMMAND, 2, 0xffff);
	assert_false(mpr_pci_bar_address(pci, 3, &addr));
	assert_false(mpr_pci_bar_address(pci, MPR_PCI_NUM_BARS, &addr));
	assert_false(mpr_pci_bar_address(pci, UINT32_MAX, &addr));
}

UNIT_TEST_WITH(reset_clears_what_software_wrote_and_no_more, setup, NULL)
{
	struct mpr_pci *pci = *state;
	struct mpr_pci fresh;

	for (unsigned offset = 0; offset < MPR_PCI_CONFIG_SIZE; offset++)
		mpr_pci_config_write(pci, offset, 1, 0xff);
	mpr_pci_reset(pci);
	mpr_pci_init(&fresh, &info);
	assert_memory_equal(pci->config, fresh.config, MPR_PCI_CONFIG_SIZE);
	assert_memory_equal(pci->wmask, fresh.wmask, MPR_PCI_CONFIG_SIZE);
}

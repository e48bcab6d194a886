/* SPDX-License-Identifier: MIT */
/* Proves that guest accesses reach the device in another process, in order,
 * and that wrong ones harm nobody. */

#include "tests/remote/harness.h"

UNIT_TEST_WITH(written_register_reads_back, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, TEST_SCRATCH, 0x1122334455667788u);
	assert_true(get(vmm->device, TEST_SCRATCH) == 0x1122334455667788u);
}

UNIT_TEST_WITH(every_size_reaches_the_device, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	mpr_proxy_write(vmm->device, 0, 0, 1, 0x11);
	mpr_proxy_write(vmm->device, 0, 1, 1, 0x22);
	mpr_proxy_write(vmm->device, 0, 2, 2, 0x4433);
	mpr_proxy_write(vmm->device, 0, 4, 4, 0x88776655);
	assert_true(get(vmm->device, 0) == 0x8877665544332211u);
	assert_int_equal(mpr_proxy_read(vmm->device, 0, 3, 1), 0x44);
	assert_int_equal(mpr_proxy_read(vmm->device, 0, 2, 4), 0x66554433);
}

UNIT_TEST_WITH(io_bar_is_another_bar, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	assert_int_equal(mpr_proxy_read(vmm->device, 1, 0, 1), 0x5a);
}

UNIT_TEST_WITH(read_sees_all_earlier_writes, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	for (uint64_t i = 0; i < 10000; i++)
		put(vmm->device, TEST_SCRATCH, i);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 9999);
}

UNIT_TEST_WITH(access_outside_the_bar_reads_ones_and_writes_nothing, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, 4092, 1);
	put(vmm->device, UINT64_MAX, 1);
	mpr_proxy_write(vmm->device, 2, 0, 4, 1);
	mpr_proxy_write(vmm->device, 77, 0, 4, 1);
	assert_true(get(vmm->device, 4092) == UINT64_MAX);
	assert_true(get(vmm->device, UINT64_MAX - 7) == UINT64_MAX);
	assert_int_equal(mpr_proxy_read(vmm->device, 2, 0, 4), UINT32_MAX);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 0);
}

UNIT_TEST_WITH(description_is_the_models, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	const struct mpr_wire_description *description = mpr_proxy_description(vmm->device);

	assert_string_equal(description->driver, "test-device");
	assert_int_equal(description->bar[0].kind, MPR_BAR_MEM32);
	assert_int_equal(description->bar[0].size, 4096);
	assert_int_equal(description->bar[1].kind, MPR_BAR_IO);
	assert_int_equal(description->bar[2].kind, MPR_BAR_NONE);
	assert_int_equal(description->bar[3].kind, MPR_BAR_RAM32);
	assert_int_equal(description->interrupt_pin, 1);
	assert_int_equal(description->config[0], 0xf4);
	assert_int_equal(description->wmask[MPR_PCI_BAR0 + 3], 0xff);
}

UNIT_TEST_WITH(model_gets_to_run_until_it_is_done, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, TEST_WORK, 1000);
	while (get(vmm->device, TEST_WORK))
		;
}

UNIT_TEST_WITH(timer_fires_once_it_is_due, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, TEST_ALARM, 1000000);
	while (!mpr_proxy_intx(vmm->device))
		;
	put(vmm->device, TEST_INTX, 0);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 0);
	assert_false(mpr_proxy_intx(vmm->device));
}

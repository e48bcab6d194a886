/* SPDX-License-Identifier: MIT */
/* Proves that a BAR of plain memory is the same memory for the VMM and the model, mapped or
 * accessed, and that no VMM sees what another one left there. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/remote/harness.h"

#define RAM_BAR 3

/* The BAR as the VMM maps it for a guest. */
static volatile uint64_t *map_bar(const struct vmm *vmm)
{
	int fd = mpr_proxy_take_bar_file(vmm->device, RAM_BAR);
	void *bar = mmap(NULL, TEST_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	assert_ptr_not_equal(bar, MAP_FAILED);
	return bar;
}

UNIT_TEST_WITH(model_sees_what_the_guest_stores, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	volatile uint64_t *bar = map_bar(vmm);

	for (uint64_t i = 1; i < 1000; i++) {
		*bar = i * 0x123456789abcdefu;
		assert_true(get(vmm->device, TEST_RAM) == i * 0x123456789abcdefu);
	}
	munmap((void *)bar, TEST_RAM_SIZE);
}

UNIT_TEST_WITH(guest_sees_what_the_model_stores, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	volatile uint64_t *bar = map_bar(vmm);

	put(vmm->device, TEST_RAM, 0x1122334455667788u);
	(void)get(vmm->device, TEST_SCRATCH);
	assert_true(*bar == 0x1122334455667788u);
	munmap((void *)bar, TEST_RAM_SIZE);
}

UNIT_TEST_WITH(accesses_reach_the_same_memory, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	volatile uint64_t *bar = map_bar(vmm);

	mpr_proxy_write(vmm->device, RAM_BAR, TEST_RAM_SIZE - 8, 8, 42);
	assert_int_equal(mpr_proxy_read(vmm->device, RAM_BAR, TEST_RAM_SIZE - 8, 8), 42);
	assert_int_equal(bar[TEST_RAM_SIZE / 8 - 1], 42);
	assert_int_equal(mpr_proxy_read(vmm->device, RAM_BAR, TEST_RAM_SIZE, 1), 0xff);
	munmap((void *)bar, TEST_RAM_SIZE);
}

UNIT_TEST_WITH(memory_stays_when_the_device_is_reset, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, TEST_RAM, 7);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
	assert_int_equal(get(vmm->device, TEST_RAM), 7);
}

UNIT_TEST_WITH(next_user_finds_zeros, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, TEST_RAM, UINT64_MAX);
	mpr_proxy_device_close(vmm->device);
	assert_int_equal(mpr_proxy_device_open(vmm->conn, "test0", &vmm->device, NULL), 0);
	assert_int_equal(get(vmm->device, TEST_RAM), 0);
}

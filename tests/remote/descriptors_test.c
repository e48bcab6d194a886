/* SPDX-License-Identifier: MIT */
/* Proves that the process closes descriptors that a VMM passed once they are mapped, and
 * that all it has are close-on-exec. */
#include "tests/proxy/descriptors.h"

#include <sys/eventfd.h>

#include "tests/remote/harness.h"

UNIT_TEST_WITH(files_are_closed_when_they_are_mapped, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	pid_t pid = vmm->remote.pid;

	/* Channel, plain memory and guest memory. */
	assert_int_equal(descriptors_count(pid, "memfd:", NULL), 0);
	vmm_enable_dma(vmm);
	put(vmm->device, TEST_RAM, 7);
	assert_int_equal(get(vmm->device, TEST_RAM), 7);
}

UNIT_TEST_WITH(all_are_closed_by_exec, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	int raise = eventfd(0, EFD_CLOEXEC), resample = eventfd(0, EFD_CLOEXEC);
	unsigned survivors = 0;

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, resample), 0);
	assert_true(descriptors_count(vmm->remote.pid, "socket:", &survivors) >= 2);
	assert_int_equal(survivors, 0);
	close(raise);
	close(resample);
}

/* SPDX-License-Identifier: MIT */
/* Proves that a device's DMA reaches exactly the guest's memory, and that a
 * reset, a new memory layout and a close wait for DMA that is under way. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/remote/harness.h"

#define VMM_TEST(name) UNIT_TEST_WITH(name, vmm_setup, vmm_teardown)

/* Long enough to notice an answer that comes too early; slowness never fails a test. */
#define HOLD_NS 50000000u

/* Has the device copy within guest memory. 0 or an errno. */
static uint64_t copy(struct vmm *vmm, uint64_t from, uint64_t to, uint64_t length)
{
	put(vmm->device, TEST_COPY_FROM, from);
	put(vmm->device, TEST_COPY_TO, to);
	put(vmm->device, TEST_COPY_LENGTH, length);
	return get(vmm->device, TEST_COPY_LENGTH);
}

/* Makes the device hold the first page, and let go of it a while after. */
static void hold_first_page(struct vmm *vmm)
{
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	assert_int_equal(get(vmm->device, TEST_MAP), 0);
	put(vmm->device, TEST_RELEASE, HOLD_NS);
}

static uint32_t first_word(const struct vmm *vmm)
{
	return __atomic_load_n((uint32_t *)vmm->memory, __ATOMIC_RELAXED);
}

VMM_TEST(device_copies_guest_memory)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	strcpy((char *)vmm->memory + 100, "hello, device");
	assert_int_equal(copy(vmm, VMM_ADDRESS + 100, VMM_ADDRESS + 5000, 14), 0);
	assert_string_equal((char *)vmm->memory + 5000, "hello, device");
}

VMM_TEST(dma_without_bus_mastering_is_refused)
{
	struct vmm *vmm = *state;

	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + 4096, 4), EPERM);
}

VMM_TEST(dma_outside_guest_memory_is_refused)
{
	struct vmm *vmm = *state;
	const uint64_t end = VMM_ADDRESS + VMM_PAGES * 4096;

	vmm_enable_dma(vmm);
	assert_int_equal(copy(vmm, VMM_ADDRESS - 4, VMM_ADDRESS, 8), EFAULT);
	assert_int_equal(copy(vmm, end - 4, VMM_ADDRESS, 8), EFAULT);
	assert_int_equal(copy(vmm, VMM_ADDRESS, end - 4, 8), EFAULT);
	assert_int_equal(copy(vmm, UINT64_MAX - 3, VMM_ADDRESS, 8), EFAULT);
	assert_int_equal(copy(vmm, end - 8, VMM_ADDRESS, 8), 0);
}

VMM_TEST(dma_crosses_regions_that_touch)
{
	struct vmm *vmm = *state;
	/* Two neighbours whose order in the file is reversed. */
	const struct mpr_proxy_region regions[] = {
		{.address = VMM_ADDRESS, .size = 4096, .offset = 4096, .fd = vmm->memfd},
		{.address = VMM_ADDRESS + 4096, .size = 4096, .offset = 0, .fd = vmm->memfd},
		{.address = VMM_ADDRESS + 8192, .size = 4096, .offset = 8192, .fd = vmm->memfd},
	};

	vmm_enable_dma(vmm);
	assert_int_equal(mpr_proxy_set_memory(vmm->device, regions, 3), 0);
	memcpy(vmm->memory + 8192 - 4, "left", 4);
	memcpy(vmm->memory, "right", 6);
	assert_int_equal(copy(vmm, VMM_ADDRESS + 4092, VMM_ADDRESS + 8192, 10), 0);
	assert_string_equal((char *)vmm->memory + 8192, "leftright");
}

VMM_TEST(read_only_memory_is_read_and_not_written)
{
	struct vmm *vmm = *state;
	const struct mpr_proxy_region regions[] = {
		{.address = VMM_ADDRESS, .size = 4096, .fd = vmm->memfd, .read_only = true},
		{.address = VMM_ADDRESS + 4096, .size = 4096, .offset = 4096, .fd = vmm->memfd},
	};

	vmm_enable_dma(vmm);
	assert_int_equal(mpr_proxy_set_memory(vmm->device, regions, 2), 0);
	strcpy((char *)vmm->memory, "rom");
	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + 4096, 4), 0);
	assert_string_equal((char *)vmm->memory + 4096, "rom");
	assert_int_equal(copy(vmm, VMM_ADDRESS + 4096, VMM_ADDRESS, 4), EFAULT);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	assert_int_equal(get(vmm->device, TEST_MAP), EFAULT);
	put(vmm->device, TEST_MAP_TO, VMM_ADDRESS);
	assert_int_equal(get(vmm->device, TEST_MAP), 0);
	put(vmm->device, TEST_MAP_TO, 0);
	assert_int_equal(get(vmm->device, TEST_MAP), EFAULT);
}

VMM_TEST(reset_is_answered_when_dma_has_ended)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	hold_first_page(vmm);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
	assert_int_equal(get(vmm->device, TEST_RESETS), 1);
}

/* The guest finds what the device wrote, by whatever it learns that its request was
 * executed. */
VMM_TEST(a_write_that_ends_dma_is_finished_when_that_has_ended)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	put(vmm->device, TEST_RECLAIM, HOLD_NS);
	(void)get(vmm->device, TEST_RESETS);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

VMM_TEST(the_shadow_does_not_tell_of_it_before)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	put(vmm->device, TEST_SHADOWED, 7);
	assert_int_equal(get(vmm->device, TEST_SHADOWED), 7);
	put(vmm->device, TEST_RECLAIM, HOLD_NS);
	assert_int_equal(get(vmm->device, TEST_SHADOWED), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

VMM_TEST(bus_mastering_ends_when_dma_has_ended)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	hold_first_page(vmm);
	mpr_proxy_config_write(vmm->device, MPR_PCI_COMMAND, 2, 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

VMM_TEST(a_reset_waits_for_what_a_write_ends)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, VMM_ADDRESS);
	put(vmm->device, TEST_RECLAIM, HOLD_NS);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
	assert_int_equal(get(vmm->device, TEST_RESETS), 1);
}

VMM_TEST(reset_clears_registers_and_configuration)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_SCRATCH, 1);
	put(vmm->device, TEST_INTX, 1);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 0);
	assert_false(mpr_proxy_intx(vmm->device));
	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + 4096, 4), EPERM);
}

VMM_TEST(old_memory_is_given_back_when_dma_has_ended)
{
	struct vmm *vmm = *state;
	int memfd = memfd_pages(1);
	const struct mpr_proxy_region region = {.address = VMM_ADDRESS, .size = 4096, .fd = memfd};

	vmm_enable_dma(vmm);
	hold_first_page(vmm);
	assert_int_equal(mpr_proxy_set_memory(vmm->device, &region, 1), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
	close(memfd);
}

VMM_TEST(new_memory_holds_for_new_dma)
{
	struct vmm *vmm = *state;
	int memfd = memfd_pages(1);
	const struct mpr_proxy_region region = {.address = VMM_ADDRESS, .size = 4096, .fd = memfd};
	char text[4] = "";

	vmm_enable_dma(vmm);
	assert_int_equal(pwrite(memfd, "new", 4, 0), 4);
	strcpy((char *)vmm->memory, "old");
	assert_int_equal(mpr_proxy_set_memory(vmm->device, &region, 1), 0);
	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + 64, 4), 0);
	assert_int_equal(pread(memfd, text, 4, 64), 4);
	assert_string_equal(text, "new");
	assert_int_equal(copy(vmm, VMM_ADDRESS + 4096, VMM_ADDRESS, 4), EFAULT);
	close(memfd);
}

VMM_TEST(no_memory_at_all_is_a_layout_too)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	assert_int_equal(mpr_proxy_set_memory(vmm->device, NULL, 0), 0);
	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + 64, 4), EFAULT);
}

VMM_TEST(close_is_answered_when_dma_has_ended)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	hold_first_page(vmm);
	mpr_proxy_device_close(vmm->device);
	vmm->device = NULL;
	assert_int_equal(first_word(vmm), TEST_MARKER);
}

VMM_TEST(closed_device_opens_again_as_new)
{
	struct vmm *vmm = *state;
	char *error = NULL;

	put(vmm->device, TEST_SCRATCH, 7);
	put(vmm->device, TEST_INTX, 1);
	mpr_proxy_device_close(vmm->device);
	vmm->device = NULL;
	if (mpr_proxy_device_open(vmm->conn, "test0", &vmm->device, &error) < 0)
		fail_msg("%s", error);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 0);
	assert_false(mpr_proxy_intx(vmm->device));
	vmm_enable_dma(vmm);
	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + 64, 4), EFAULT);
}

static int forgetful_teardown(void **state)
{
	struct vmm *vmm = *state;

	mpr_proxy_device_close(vmm->device);
	mpr_proxy_disconnect(vmm->conn);
	free(remote_output(&vmm->remote));
	free(remote_print(&vmm->remote));
	munmap(vmm->memory, VMM_PAGES * 4096);
	close(vmm->memfd);
	free(vmm);
	return 0;
}

UNIT_TEST_WITH(vmm_that_dies_does_not_end_dma_early, vmm_setup, forgetful_teardown)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	hold_first_page(vmm);
	/* Without closing the device first. */
	assert_int_equal(shutdown(mpr_proxy_conn_fd(vmm->conn), SHUT_RDWR), 0);
	assert_int_equal(remote_finish(&vmm->remote), 0);
	assert_int_equal(first_word(vmm), TEST_MARKER);
	assert_true(get(vmm->device, TEST_SCRATCH) == UINT64_MAX);
}

UNIT_TEST_WITH(truncated_memory_ends_the_connection_not_the_process, vmm_setup, forgetful_teardown)
{
	struct vmm *vmm = *state;
	char *output;

	vmm_enable_dma(vmm);
	assert_int_equal(ftruncate(vmm->memfd, 4096), 0);
	(void)copy(vmm, VMM_ADDRESS + 8192, VMM_ADDRESS, 64);
	assert_int_equal(remote_finish(&vmm->remote), 0);
	output = remote_output(&vmm->remote);
	assert_non_null(strstr(output, "mpring-remote: test0: the VMM truncated guest memory\n"));
	free(output);
	vmm->remote.output = open("/dev/null", O_RDONLY);
}

/* A sparse file of a terabyte. */
UNIT_TEST_WITH(memory_may_be_truncated_that_is_larger_than_the_machines, vmm_setup,
	       forgetful_teardown)
{
	struct vmm *vmm = *state;
	const uint64_t size = 1ull << 40;
	int memfd = memfd_pages(size / 4096);
	const struct mpr_proxy_region region = {.address = VMM_ADDRESS, .size = size, .fd = memfd};

	vmm_enable_dma(vmm);
	assert_int_equal(mpr_proxy_set_memory(vmm->device, &region, 1), 0);
	assert_int_equal(copy(vmm, VMM_ADDRESS, VMM_ADDRESS + size / 2, 64), 0);
	assert_int_equal(ftruncate(memfd, 0), 0);
	(void)copy(vmm, VMM_ADDRESS, VMM_ADDRESS + size / 2, 64);
	assert_int_equal(remote_finish(&vmm->remote), 0);
	close(memfd);
}

/* SPDX-License-Identifier: MIT */
/* Proves that registers in the shadow are read without the remote, and that the guest
 * never reads a stale value: not after its own writes, an interrupt, or a reset. */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ring/channel.h"
#include "tests/remote/harness.h"

static struct mpr_channel_stats stats_of(const struct vmm *vmm)
{
	struct mpr_channel_stats stats;

	mpr_proxy_stats(vmm->device, &stats);
	return stats;
}

/* Waits until the remote has published what it was sent. */
static void settle(struct vmm *vmm)
{
	uint64_t before = stats_of(vmm).shadow_reads;

	while (stats_of(vmm).shadow_reads == before)
		(void)get(vmm->device, TEST_SHADOWED);
}

UNIT_TEST_WITH(settled_register_is_read_without_the_remote, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	struct mpr_channel_stats before, after;

	put(vmm->device, TEST_SHADOWED, 0x1122334455667788u);
	settle(vmm);
	before = stats_of(vmm);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(get(vmm->device, TEST_SHADOWED) == 0x1122334455667788u);
	assert_int_equal(mpr_proxy_read(vmm->device, 0, TEST_SHADOWED + 2, 2), 0x5566);
	after = stats_of(vmm);
	assert_int_equal(after.shadow_reads - before.shadow_reads, 1001);
	assert_int_equal(after.reads, before.reads);
	assert_int_equal(after.doorbells, before.doorbells);
}

UNIT_TEST_WITH(other_registers_are_asked_for, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	uint64_t before;

	settle(vmm);
	before = stats_of(vmm).reads;
	(void)get(vmm->device, TEST_SCRATCH);
	(void)get(vmm->device, TEST_RESETS);
	assert_int_equal(mpr_proxy_read(vmm->device, 1, 0, 1), 0x5a);
	assert_int_equal(stats_of(vmm).reads, before + 3);
}

UNIT_TEST_WITH(read_after_write_sees_it, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	for (uint64_t i = 0; i < 20000; i++) {
		put(vmm->device, TEST_SHADOWED, i);
		assert_int_equal(get(vmm->device, TEST_SHADOWED), i);
	}
}

UNIT_TEST_WITH(interrupt_finds_its_cause, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;
	int raise = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct pollfd pfd = {.fd = raise, .events = POLLIN};
	struct mpr_channel_stats before;
	uint64_t count;

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	for (unsigned i = 0; i < 100; i++) {
		put(vmm->device, TEST_ALARM, 1000);
		settle(vmm);
		before = stats_of(vmm);
		assert_int_equal(poll(&pfd, 1, -1), 1);
		assert_int_equal(read(raise, &count, sizeof(count)), sizeof(count));
		assert_int_equal(mpr_proxy_read(vmm->device, 0, TEST_INTX, 1), 1);
		assert_int_equal(stats_of(vmm).reads, before.reads);
		put(vmm->device, TEST_INTX, 0);
		/* Who reads that the cause is gone finds the line low. */
		assert_int_equal(mpr_proxy_read(vmm->device, 0, TEST_INTX, 1), 0);
		assert_false(mpr_proxy_intx(vmm->device));
		while (read(raise, &count, sizeof(count)) != sizeof(count))
			;
	}
	close(raise);
}

UNIT_TEST_WITH(reset_is_seen, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	put(vmm->device, TEST_SHADOWED, 5);
	settle(vmm);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
	assert_int_equal(get(vmm->device, TEST_SHADOWED), 0);
}

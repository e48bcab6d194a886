/* SPDX-License-Identifier: MIT */
/* Proves that the interrupt line reaches the VMM as a level and through its
 * eventfds, exactly when it must. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/remote/harness.h"

#define VMM_TEST(name) UNIT_TEST_WITH(name, vmm_setup, vmm_teardown)

/* The eventfd's count; 0 when it was not written to. */
static uint64_t count(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

/* Waits, however long it takes, for an eventfd to be written to. */
static uint64_t wait_count(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&pfd, 1, -1), 1);
	return count(fd);
}

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Sets the line; when this returns, so has every write to an eventfd. */
static void set_line(struct vmm *vmm, unsigned level)
{
	put(vmm->device, TEST_INTX, level);
	(void)get(vmm->device, TEST_SCRATCH);
}

VMM_TEST(answer_carries_the_level)
{
	struct vmm *vmm = *state;

	set_line(vmm, 1);
	assert_true(mpr_proxy_intx(vmm->device));
	set_line(vmm, 0);
	assert_false(mpr_proxy_intx(vmm->device));
}

VMM_TEST(both_edges_are_told_without_resample)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	set_line(vmm, 1);
	assert_int_equal(count(raise), 1);
	set_line(vmm, 0);
	assert_int_equal(count(raise), 1);
	close(raise);
}

VMM_TEST(same_level_is_not_told_again)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	set_line(vmm, 0);
	assert_int_equal(count(raise), 0);
	set_line(vmm, 1);
	set_line(vmm, 1);
	assert_int_equal(count(raise), 1);
	close(raise);
}

VMM_TEST(armed_line_tells_one_rise)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	for (int i = 0; i < 10; i++) {
		assert_false(mpr_proxy_intx_arm(vmm->device, false));
		set_line(vmm, 1);
		assert_int_equal(count(raise), 1);
		set_line(vmm, 0);
		set_line(vmm, 1);
		set_line(vmm, 0);
		assert_int_equal(count(raise), 0);
	}
	close(raise);
}

VMM_TEST(lasting_rise_is_told_to_who_would_have_looked_soon)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	for (int i = 0; i < 10; i++) {
		assert_false(mpr_proxy_intx_arm(vmm->device, true));
		set_line(vmm, 1);
		assert_int_equal(wait_count(raise), 1);
		set_line(vmm, 0);
	}
	close(raise);
}

VMM_TEST(watched_line_is_not_told)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	mpr_proxy_intx_look(vmm->device);
	set_line(vmm, 1);
	assert_true(mpr_proxy_intx(vmm->device));
	set_line(vmm, 0);
	assert_int_equal(count(raise), 0);
	close(raise);
}

VMM_TEST(falling_edge_is_not_told_with_resample)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd(), resample = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, resample), 0);
	set_line(vmm, 1);
	assert_int_equal(count(raise), 1);
	set_line(vmm, 0);
	assert_int_equal(count(raise), 0);
	close(raise);
	close(resample);
}

VMM_TEST(line_that_stays_high_is_raised_after_every_resample)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd(), resample = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, resample), 0);
	set_line(vmm, 1);
	assert_int_equal(count(raise), 1);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(eventfd_write(resample, 1), 0);
		assert_int_equal(wait_count(raise), 1);
	}
	close(raise);
	close(resample);
}

VMM_TEST(line_that_fell_is_not_raised_after_resample)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd(), resample = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, resample), 0);
	set_line(vmm, 1);
	set_line(vmm, 0);
	(void)count(raise);
	assert_int_equal(eventfd_write(resample, 1), 0);
	/* The rise that follows proves that the resample was seen: one write, not two. */
	for (int i = 0; i < 100; i++)
		(void)get(vmm->device, TEST_SCRATCH);
	set_line(vmm, 1);
	assert_int_equal(count(raise), 1);
	close(raise);
	close(resample);
}

VMM_TEST(level_from_before_the_eventfd_is_raised_at_once)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	set_line(vmm, 1);
	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	assert_int_equal(count(raise), 1);
	close(raise);
}

VMM_TEST(new_eventfds_replace_the_old)
{
	struct vmm *vmm = *state;
	int first = new_eventfd(), second = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, first, -1), 0);
	assert_int_equal(mpr_proxy_set_intx(vmm->device, second, -1), 0);
	set_line(vmm, 1);
	assert_int_equal(count(first), 0);
	assert_int_equal(count(second), 1);
	close(first);
	close(second);
}

VMM_TEST(disabled_intx_hides_the_line)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	mpr_proxy_config_write(vmm->device, MPR_PCI_COMMAND, 2, MPR_PCI_COMMAND_INTX_DISABLE);
	set_line(vmm, 1);
	assert_false(mpr_proxy_intx(vmm->device));
	assert_int_equal(count(raise), 0);
	mpr_proxy_config_write(vmm->device, MPR_PCI_COMMAND, 2, 0);
	(void)get(vmm->device, TEST_SCRATCH);
	assert_true(mpr_proxy_intx(vmm->device));
	assert_int_equal(count(raise), 1);
	close(raise);
}

VMM_TEST(full_eventfd_blocks_nobody)
{
	struct vmm *vmm = *state;
	int raise = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(eventfd_write(raise, UINT64_MAX - 1), 0);
	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	set_line(vmm, 1);
	set_line(vmm, 0);
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 0);
	close(raise);
}

/* O_NONBLOCK belongs to the file, so the VMM can clear it. */
VMM_TEST(blocking_and_full_eventfd_blocks_nobody)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	assert_int_equal(fcntl(raise, F_SETFL, 0), 0);
	assert_int_equal(eventfd_write(raise, UINT64_MAX - 1), 0);
	for (int i = 0; i < 10; i++) {
		set_line(vmm, 1);
		set_line(vmm, 0);
	}
	assert_int_equal(get(vmm->device, TEST_SCRATCH), 0);
	assert_true(mpr_proxy_alive(vmm->device, NULL));
	close(raise);
}

VMM_TEST(eventfd_keeps_its_flags)
{
	struct vmm *vmm = *state;
	int raise = eventfd(0, EFD_CLOEXEC), resample = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, resample), 0);
	assert_int_equal(fcntl(raise, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(resample, F_GETFL) & O_NONBLOCK, 0);
	close(raise);
	close(resample);
}

VMM_TEST(resample_must_be_an_eventfd_too)
{
	struct vmm *vmm = *state;
	int raise = new_eventfd();

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, vmm->memfd), -EPROTO);
	close(raise);
}

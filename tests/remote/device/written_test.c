/* SPDX-License-Identifier: MIT */
/* Proves that a VMM that asked for it is told which guest memory the device wrote before
 * it can learn of the data, and that one that did not ask is told nothing. */
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "remote/device/written.h"
#include "ring/channel_proxy.h"
#include "ring/channel_remote.h"
#include "tests/remote/harness.h"

#define REPORTING_TEST(name) UNIT_TEST_WITH(name, vmm_setup_reporting, vmm_teardown)

#define FROM VMM_ADDRESS
#define TO (VMM_ADDRESS + 4096)
#define HOLD_NS 1000000u

static void copy(struct vmm *vmm, uint64_t to, uint64_t length)
{
	put(vmm->device, TEST_COPY_FROM, FROM);
	put(vmm->device, TEST_COPY_TO, to);
	put(vmm->device, TEST_COPY_LENGTH, length);
}

/* A read: its answer comes after the events of all that was written before. */
static void ask(struct vmm *vmm)
{
	(void)get(vmm->device, TEST_SCRATCH);
}

static void expect(struct vmm *vmm, uint64_t address, uint64_t length)
{
	struct mpr_msg event;

	assert_true(mpr_proxy_event(vmm->device, &event));
	assert_int_equal(event.type, MPR_MSG_DMA_WRITTEN);
	assert_int_equal(event.offset, address);
	assert_int_equal(event.value, length);
}

static void expect_nothing(struct vmm *vmm)
{
	struct mpr_msg event;

	assert_false(mpr_proxy_event(vmm->device, &event));
}

REPORTING_TEST(written_memory_is_told_before_the_answer)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	copy(vmm, TO, 100);
	ask(vmm);
	expect(vmm, TO, 100);
	expect_nothing(vmm);
}

REPORTING_TEST(written_memory_is_told_before_the_interrupt)
{
	struct vmm *vmm = *state;
	int raise = eventfd(0, EFD_CLOEXEC);
	struct pollfd pfd = {.fd = raise, .events = POLLIN};

	assert_int_equal(mpr_proxy_set_intx(vmm->device, raise, -1), 0);
	vmm_enable_dma(vmm);
	copy(vmm, TO, 100);
	put(vmm->device, TEST_INTX, 1);
	assert_int_equal(poll(&pfd, 1, -1), 1);
	assert_true(mpr_proxy_intx(vmm->device));
	expect(vmm, TO, 100);
	expect_nothing(vmm);
	close(raise);
}

REPORTING_TEST(written_memory_is_told_before_a_reset_is_answered)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, TO);
	put(vmm->device, TEST_RELEASE, HOLD_NS);
	assert_int_equal(mpr_proxy_reset(vmm->device), 0);
	expect(vmm, TO, 4096);
	expect_nothing(vmm);
}

/* No request that waits for an answer follows: only the shadow shows the write. */
REPORTING_TEST(written_memory_is_told_before_the_shadow_shows_it)
{
	struct vmm *vmm = *state;
	struct mpr_channel_stats before, after;

	vmm_enable_dma(vmm);
	do {
		copy(vmm, TO, 100);
		usleep(1000);
		mpr_proxy_stats(vmm->device, &before);
		(void)get(vmm->device, TEST_SHADOWED);
		mpr_proxy_stats(vmm->device, &after);
		expect(vmm, TO, 100);
		expect_nothing(vmm);
	} while (after.shadow_reads == before.shadow_reads);
}

REPORTING_TEST(mapping_is_told_when_it_is_given_back)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP, TO);
	ask(vmm);
	expect_nothing(vmm);
	put(vmm->device, TEST_MAP, TO + 8192);
	ask(vmm);
	expect(vmm, TO, 4096);
	put(vmm->device, TEST_MAP, 0);
	ask(vmm);
	expect(vmm, TO + 8192, 4096);
	expect_nothing(vmm);
}

REPORTING_TEST(mapping_for_reading_is_not_told)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_MAP_TO, TO);
	put(vmm->device, TEST_MAP_TO, 0);
	ask(vmm);
	expect_nothing(vmm);
}

REPORTING_TEST(write_that_fails_half_way_is_told)
{
	struct vmm *vmm = *state;
	const uint64_t end = VMM_ADDRESS + VMM_PAGES * 4096;

	vmm_enable_dma(vmm);
	copy(vmm, end - 4, 8);
	assert_int_equal(get(vmm->device, TEST_COPY_LENGTH), EFAULT);
	expect(vmm, end - 4, 8);
	copy(vmm, UINT64_MAX - 3, 8);
	assert_int_equal(get(vmm->device, TEST_COPY_LENGTH), EFAULT);
	expect(vmm, UINT64_MAX - 3, 3);
	expect_nothing(vmm);
}

/* A proxy that takes no event, while the device writes to pages far apart. */
REPORTING_TEST(more_than_the_ring_holds_is_told_as_lost)
{
	struct vmm *vmm = *state;
	struct mpr_msg event;

	vmm_enable_dma(vmm);
	put(vmm->device, TEST_COPY_TO, TO);
	put(vmm->device, TEST_FILL, MPR_CHANNEL_DEFAULT_SLOTS + 100);
	assert_int_equal(get(vmm->device, TEST_COPY_LENGTH), 0);
	assert_true(mpr_proxy_event(vmm->device, &event));
	assert_int_equal(event.type, MPR_MSG_EVENTS_LOST);
	for (unsigned i = 0; i < MPR_CHANNEL_DEFAULT_SLOTS; i++)
		expect(vmm, TO + i % TEST_FILL_PAGES * 4096, 1);
	expect_nothing(vmm);

	copy(vmm, TO, 100);
	ask(vmm);
	expect(vmm, TO, 100);
	expect_nothing(vmm);
}

REPORTING_TEST(reopened_device_begins_anew)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	copy(vmm, TO, 100);
	mpr_proxy_device_close(vmm->device);
	assert_int_equal(mpr_proxy_device_open(vmm->conn, "test0", &vmm->device, NULL), 0);
	ask(vmm);
	expect_nothing(vmm);
}

UNIT_TEST_WITH(who_does_not_ask_is_not_told, vmm_setup, vmm_teardown)
{
	struct vmm *vmm = *state;

	vmm_enable_dma(vmm);
	copy(vmm, TO, 100);
	put(vmm->device, TEST_MAP, TO);
	put(vmm->device, TEST_MAP, 0);
	assert_int_equal(get(vmm->device, TEST_COPY_LENGTH), 0);
	expect_nothing(vmm);
}

/* ---- Which ranges become one -------------------------------------------- */

struct ends {
	struct mpr_channel *proxy;
	struct mpr_written written;
};

static struct ends ends_open(void)
{
	const struct mpr_channel_options options = {.numa_node = -1, .no_hugepages = true};
	struct ends ends = {0};

	assert_int_equal(mpr_channel_create(&options, &ends.proxy), 0);
	assert_int_equal(mpr_channel_attach(dup(mpr_channel_memfd(ends.proxy)),
					    dup(mpr_channel_doorbell(ends.proxy)),
					    &ends.written.channel),
			 0);
	return ends;
}

static void ends_close(struct ends *ends)
{
	mpr_channel_destroy(ends->written.channel);
	mpr_channel_destroy(ends->proxy);
}

static void ends_expect(struct ends *ends, uint64_t address, uint64_t length)
{
	struct mpr_msg event;

	assert_true(mpr_channel_event(ends->proxy, &event));
	assert_int_equal(event.offset, address);
	assert_int_equal(event.value, length);
}

UNIT_TEST(ranges_that_touch_are_told_as_one)
{
	struct ends ends = ends_open();
	struct mpr_msg event;

	mpr_written_note(&ends.written, 4096, 4096);
	mpr_written_note(&ends.written, 8192, 50);
	mpr_written_note(&ends.written, 4046, 50);
	mpr_written_note(&ends.written, 4196, 10);
	assert_false(mpr_channel_event(ends.proxy, &event));
	mpr_written_flush(&ends.written);
	ends_expect(&ends, 4046, 4196);
	mpr_written_flush(&ends.written);
	assert_false(mpr_channel_event(ends.proxy, &event));
	ends_close(&ends);
}

UNIT_TEST(ranges_apart_are_told_in_order)
{
	struct ends ends = ends_open();

	mpr_written_note(&ends.written, 4095, 1);
	mpr_written_note(&ends.written, 4097, 4);
	mpr_written_note(&ends.written, 16384, 4096);
	mpr_written_note(&ends.written, 8193, 4);
	mpr_written_flush(&ends.written);
	ends_expect(&ends, 4095, 1);
	ends_expect(&ends, 4097, 4);
	ends_expect(&ends, 16384, 4096);
	ends_expect(&ends, 8193, 4);
	ends_close(&ends);
}

/* The same few pages again and again, as a driver's queues are written. */
UNIT_TEST(ranges_on_one_page_are_told_as_one)
{
	struct ends ends = ends_open();
	struct mpr_msg event;

	for (unsigned i = 0; i < 100; i++) {
		mpr_written_note(&ends.written, 8192 + 8, 4);
		mpr_written_note(&ends.written, 4096 + 8 * i, 4);
	}
	mpr_written_flush(&ends.written);
	ends_expect(&ends, 8192 + 8, 4);
	ends_expect(&ends, 4096, 8 * 99 + 4);
	assert_false(mpr_channel_event(ends.proxy, &event));
	ends_close(&ends);
}

UNIT_TEST(more_ranges_than_can_wait_are_told_early)
{
	struct ends ends = ends_open();
	struct mpr_msg event;

	for (unsigned i = 0; i <= MPR_WRITTEN_RANGES; i++)
		mpr_written_note(&ends.written, 8192 * i, 1);
	for (unsigned i = 0; i < MPR_WRITTEN_RANGES; i++)
		ends_expect(&ends, 8192 * i, 1);
	assert_false(mpr_channel_event(ends.proxy, &event));
	mpr_written_flush(&ends.written);
	ends_expect(&ends, 8192 * MPR_WRITTEN_RANGES, 1);
	ends_close(&ends);
}

UNIT_TEST(empty_range_is_not_told)
{
	struct ends ends = ends_open();
	struct mpr_msg event;

	mpr_written_note(&ends.written, 100, 0);
	mpr_written_flush(&ends.written);
	assert_false(mpr_channel_event(ends.proxy, &event));
	ends_close(&ends);
}

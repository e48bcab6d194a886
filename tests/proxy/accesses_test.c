/* SPDX-License-Identifier: MIT */
/* Proves that guest accesses, resets and interrupts pass the proxy as they are. */
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "tests/proxy/fixture.h"

thread_test(the_description_is_the_remotes)
{
	struct fixture *f = *state;
	const struct mpr_wire_description *d = mpr_proxy_description(f->dev);

	assert_string_equal(d->driver, "fake");
	assert_int_equal(d->bar[1].kind, MPR_BAR_MEM32);
	assert_int_equal(d->bar[1].size, 4096);
	assert_int_equal(d->config[0] | d->config[1] << 8, FAKE_VENDOR);
}

thread_test(every_size_is_read_and_written)
{
	struct fixture *f = *state;
	uint64_t value = 0x1122334455667788;

	for (unsigned size = 1; size <= 8; size *= 2) {
		uint64_t mask = UINT64_MAX >> (64 - 8 * size);

		mpr_proxy_write(f->dev, REGS, 0, 8, 0);
		mpr_proxy_write(f->dev, REGS, 0, size, value);
		assert_int_equal(mpr_proxy_read(f->dev, REGS, 0, 8), value & mask);
		assert_int_equal(mpr_proxy_read(f->dev, REGS, 0, size), value & mask);
	}
}

thread_test(unaligned_accesses_are_not_split)
{
	struct fixture *f = *state;

	mpr_proxy_write(f->dev, REGS, 3, 4, 0xa1b2c3d4);
	assert_int_equal(reg(f, FAKE_WRITES), 1);
	assert_int_equal(mpr_proxy_read(f->dev, REGS, 3, 4), 0xa1b2c3d4);
}

thread_test(more_writes_than_slots_all_arrive)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 20000; i++)
		set_reg(f, 0, i);
	assert_int_equal(reg(f, 0), 19999);
	assert_int_equal(reg(f, FAKE_WRITES), 20000);
}

thread_test(plain_memory_is_shared_with_the_remote)
{
	struct fixture *f = *state;
	int fd = mpr_proxy_take_bar_file(f->dev, 2);
	_Atomic uint32_t *ram;

	assert_int_equal(mpr_proxy_take_bar_file(f->dev, REGS), -1);
	assert_int_equal(mpr_proxy_take_bar_file(f->dev, 2), -1);
	assert_int_equal(mpr_proxy_take_bar_file(f->dev, 6), -1);
	ram = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(ram, MAP_FAILED);
	close(fd);
	/* Relaxed: ordered by the accesses to registers. */
	atomic_store_explicit(ram, 0x12345678, memory_order_relaxed);
	assert_int_equal(reg(f, FAKE_RAM), 0x12345678);
	set_reg(f, FAKE_RAM, 0x9abcdef0);
	(void)reg(f, FAKE_WRITES);
	assert_int_equal(atomic_load_explicit(ram, memory_order_relaxed), 0x9abcdef0);
	munmap(ram, 8192);
}

thread_test(config_writes_arrive)
{
	struct fixture *f = *state;

	mpr_proxy_config_write(f->dev, 4, 2, 0x107);
	assert_int_equal(reg(f, FAKE_CONFIG), 4 << 16 | 0x107);
}

thread_test(a_read_with_an_error_is_all_ones)
{
	struct fixture *f = *state;

	assert_int_equal(mpr_proxy_read(f->dev, REGS, FAKE_REFUSED, 2), 0xffff);
	assert_true(mpr_proxy_alive(f->dev, NULL));
}

thread_test(reset_returns_when_it_is_done)
{
	struct fixture *f = *state;

	set_reg(f, 0, 5);
	assert_int_equal(mpr_proxy_reset(f->dev), 0);
	assert_int_equal(reg(f, 0), 0);
	assert_int_equal(reg(f, FAKE_RESETS), 1);
}

thread_test(the_level_is_known_when_an_answer_is)
{
	struct fixture *f = *state;

	assert_false(mpr_proxy_intx(f->dev));
	set_reg(f, FAKE_LINE, 1);
	reg(f, FAKE_WRITES);
	assert_true(mpr_proxy_intx(f->dev));
	reg(f, FAKE_LINE);
	assert_false(mpr_proxy_intx(f->dev));
}

static bool wait_for_event(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	uint64_t count;

	return poll(&pfd, 1, 10000) == 1 && read(fd, &count, sizeof(count)) == sizeof(count);
}

thread_test(the_line_tells_of_both_edges)
{
	struct fixture *f = *state;
	int raise = eventfd(0, EFD_CLOEXEC);

	assert_int_equal(mpr_proxy_set_intx(f->dev, raise, -1), 0);
	set_reg(f, FAKE_LINE, 1);
	assert_true(wait_for_event(raise));
	set_reg(f, FAKE_LINE, 0);
	assert_true(wait_for_event(raise));
	close(raise);
}

thread_test(a_line_that_stays_high_is_raised_again)
{
	struct fixture *f = *state;
	int raise = eventfd(0, EFD_CLOEXEC), resample = eventfd(0, EFD_CLOEXEC);
	uint64_t one = 1;

	assert_int_equal(mpr_proxy_set_intx(f->dev, raise, resample), 0);
	set_reg(f, FAKE_LINE, 1);
	assert_true(wait_for_event(raise));
	assert_int_equal(write(resample, &one, sizeof(one)), sizeof(one));
	assert_true(wait_for_event(raise));
	close(raise);
	close(resample);
}

thread_test(events_are_taken_in_order_and_once)
{
	struct fixture *f = *state;
	struct mpr_msg event;

	assert_false(mpr_proxy_event(f->dev, &event));
	set_reg(f, FAKE_EVENT, 1);
	reg(f, FAKE_WRITES);
	assert_true(mpr_proxy_event(f->dev, &event));
	assert_int_equal(event.type, MPR_MSG_IO_ERROR);
	assert_string_equal((char *)event.text, "disk0: write\tfailed");
	assert_false(mpr_proxy_event(f->dev, &event));
}

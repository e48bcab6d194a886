/* SPDX-License-Identifier: MIT */
/* Proves that a remote's death costs all ones and dropped writes, never a hang. */
#include "proxy/internal.h"
#include "tests/proxy/fixture.h"

static void *read_for_ever(void *opaque)
{
	return (void *)(uintptr_t)reg(opaque, FAKE_HANG);
}

process_test(a_read_under_way_ends)
{
	struct fixture *f = *state;
	pthread_t reader;
	void *value;

	assert_int_equal(pthread_create(&reader, NULL, read_for_ever, f), 0);
	fixture_kill(f);
	pthread_join(reader, &value);
	assert_int_equal((uintptr_t)value, UINT32_MAX);
}

process_test(reads_of_each_size_are_all_ones)
{
	struct fixture *f = *state;

	fixture_kill(f);
	assert_int_equal(mpr_proxy_read(f->dev, REGS, 0, 1), UINT8_MAX);
	assert_int_equal(mpr_proxy_read(f->dev, REGS, 0, 2), UINT16_MAX);
	assert_int_equal(mpr_proxy_read(f->dev, REGS, 0, 4), UINT32_MAX);
	assert_int_equal(mpr_proxy_read(f->dev, REGS, 0, 8), UINT64_MAX);
}

process_test(a_full_ring_does_not_hold_the_writer)
{
	struct fixture *f = *state;

	fixture_kill(f);
	for (int i = 0; i < 5000; i++)
		set_reg(f, 0, i);
	assert_false(mpr_proxy_alive(f->dev, NULL));
}

process_test(a_writer_that_waits_for_room_is_released)
{
	struct fixture *f = *state;

	/* The remote serves nothing more: the ring fills up. */
	kill(f->process, SIGSTOP);
	for (int i = 0; i < 900; i++)
		set_reg(f, 0, i);
	fixture_kill(f);
	for (int i = 0; i < 900; i++)
		set_reg(f, 0, i);
	assert_false(mpr_proxy_alive(f->dev, NULL));
}

process_test(the_reason_is_told)
{
	struct fixture *f = *state;
	const char *why = NULL;

	assert_true(mpr_proxy_alive(f->dev, &why));
	assert_null(why);
	fixture_kill(f);
	reg(f, 0);
	assert_false(mpr_proxy_alive(f->dev, &why));
	assert_string_equal(why, "the remote closed the connection");
}

process_test(a_remote_that_stays_silent_is_given_up)
{
	struct fixture *f = *state;
	const char *why = "";

	kill(f->process, SIGSTOP);
	assert_int_equal(reg(f, 0), UINT32_MAX);
	assert_false(mpr_proxy_alive(f->dev, &why));
	assert_string_equal(why, "the remote did not answer for 10 s");
	fixture_kill(f);
}

static void *read_settling(void *opaque)
{
	return (void *)(uintptr_t)reg(opaque, FAKE_SETTLE);
}

/* The limit for a remote that says that it waits for DMA is longer. */
thread_test(a_remote_that_waits_for_dma_is_not_given_up)
{
	struct fixture *f = *state;
	pthread_t reader;
	void *value;

	assert_int_equal(pthread_create(&reader, NULL, read_settling, f), 0);
	usleep((MPR_ANSWER_MS + 1000) * 1000);
	assert_true(mpr_proxy_alive(f->dev, NULL));
	/* Relaxed: pairs with the load in is_held(); the write below wakes it. */
	atomic_store_explicit(&f->counters.released, 1, memory_order_relaxed);
	set_reg(f, 0, 1);
	pthread_join(reader, &value);
	assert_int_equal((uintptr_t)value, FAKE_HELD);
}

process_test(set_up_calls_fail)
{
	struct fixture *f = *state;
	struct mpr_proxy_device *dev;
	char *error = NULL;

	fixture_kill(f);
	assert_int_equal(mpr_proxy_reset(f->dev), -EPIPE);
	assert_true(mpr_proxy_set_memory(f->dev, NULL, 0) < 0);
	assert_true(mpr_proxy_set_intx(f->dev, STDERR_FILENO, -1) < 0);
	assert_true(mpr_proxy_device_open(f->conn, "fake1", &dev, &error) < 0);
	assert_non_null(error);
	free(error);
}

process_test(a_watcher_of_the_socket_ends_it_for_all)
{
	struct fixture *f = *state;

	mpr_proxy_conn_lost(f->conn);
	assert_false(mpr_proxy_alive(f->dev, NULL));
	assert_int_equal(reg(f, 0), UINT32_MAX);
}

/* SPDX-License-Identifier: MIT */
/* Proves that the VMM's process keeps no more descriptors of a device than it
 * uses, and none that a program which it starts would have. */
#include "tests/proxy/descriptors.h"

#include "tests/proxy/fixture.h"

/* The control socket and this side's end of the doorbell. */
UNIT_TEST(a_device_costs_two_sockets)
{
	unsigned before = descriptors_count(getpid(), "socket:", NULL);
	unsigned files = descriptors_count(getpid(), "memfd:", NULL);

	process_setup(state);
	assert_int_equal(descriptors_count(getpid(), "socket:", NULL), before + 2);
	/* The BAR of plain memory, until somebody maps it. */
	assert_int_equal(descriptors_count(getpid(), "memfd:", NULL), files + 1);
	close(mpr_proxy_take_bar_file(((struct fixture *)*state)->dev, 2));
	assert_int_equal(descriptors_count(getpid(), "memfd:", NULL), files);
	fixture_teardown(state);
	assert_int_equal(descriptors_count(getpid(), "socket:", NULL), before);
}

UNIT_TEST(all_are_closed_by_exec)
{
	unsigned before = 0, after = 0;
	struct fixture *f;

	(void)descriptors_count(getpid(), "", &before);
	process_setup(state);
	f = *state;
	(void)descriptors_count(getpid(), "", &after);
	assert_int_equal(after, before);
	assert_true(reg(f, FAKE_SIZE) == 4);
	fixture_teardown(state);
}

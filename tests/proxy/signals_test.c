/* SPDX-License-Identifier: MIT */
/* Proves that a VMM which clears an eventfd does not block, though the remote, which shares
 * it, has made it blocking and has emptied it first. */
#include <sys/eventfd.h>

#include "tests/proxy/fixture.h"

static void a_signal_is_taken(void **state)
{
	int fd = eventfd(3, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t count;

	(void)state;
	mpr_proxy_intx_seen(fd);
	assert_int_equal(eventfd_read(fd, &count), -1);
	close(fd);
}

static void one_that_was_taken_back_is_not_waited_for(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	(void)state;
	mpr_proxy_intx_seen(fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_is_taken),
		cmocka_unit_test(one_that_was_taken_back_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Proves that a VMM which clears an eventfd does not block, though the remote, which shares
 * it, has made it blocking and has emptied it first. */
#include <sys/eventfd.h>

#include "tests/proxy/fixture.h"

UNIT_TEST(a_signal_is_taken)
{
	int fd = eventfd(3, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t count;

	mpr_proxy_intx_seen(fd);
	assert_int_equal(eventfd_read(fd, &count), -1);
	close(fd);
}

UNIT_TEST(one_that_was_taken_back_is_not_waited_for)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	mpr_proxy_intx_seen(fd);
	close(fd);
}

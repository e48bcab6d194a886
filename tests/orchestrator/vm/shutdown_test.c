/* SPDX-License-Identifier: MIT */
/* Proves when QEMU is expected to end after its guest has shut down. */

#include "orchestrator/family/family_state.h"
#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

#define SHUTDOWN(reason) "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"" reason "\"}}"
#define STOPPED "{\"event\": \"STOP\"}"

/* QEMU will get SIGTERM if it does not end ... */
static void the_end_that_a_guest_brings_is_expected(void **state)
{
	(void)state;
	assert_false(family->reminder);
	say(qemu, SHUTDOWN("guest-shutdown"));
	assert_true(family->reminder);
}

/* ... but not if it pauses instead: then STOP follows SHUTDOWN. */
static void the_pause_that_a_guest_brings_is_no_end(void **state)
{
	(void)state;
	say(qemu, SHUTDOWN("guest-shutdown") STOPPED);
	assert_false(family->reminder);
	/* Nor if it had paused before, because its guest panicked. */
	say(qemu, SHUTDOWN("guest-panic"));
	assert_false(family->reminder);
	say(qemu, "{\"event\": \"RESUME\"}" SHUTDOWN("guest-reset"));
	assert_true(family->reminder);
}

static void what_was_told_to_end_does_not_pause(void **state)
{
	(void)state;
	say(qemu, SHUTDOWN("guest-shutdown") SHUTDOWN("host-qmp-quit") STOPPED);
	assert_true(family->reminder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_vm(the_end_that_a_guest_brings_is_expected),
		with_vm(the_pause_that_a_guest_brings_is_no_end),
		with_vm(what_was_told_to_end_does_not_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Proves when QEMU is expected to end after its guest has shut down. */

#include "orchestrator/family/family_state.h"
#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

#define SHUTDOWN(reason) "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"" reason "\"}}"
#define STOPPED "{\"event\": \"STOP\"}"

/* QEMU will get SIGTERM if it does not end ... */
with_vm(the_end_that_a_guest_brings_is_expected)
{
	assert_false(family->reminder);
	say(qemu, SHUTDOWN("guest-shutdown"));
	assert_true(family->reminder);
}

/* ... but not if it pauses instead: then STOP follows SHUTDOWN. */
with_vm(the_pause_that_a_guest_brings_is_no_end)
{
	say(qemu, SHUTDOWN("guest-shutdown") STOPPED);
	assert_false(family->reminder);
	/* Nor if it had paused before, because its guest panicked. */
	say(qemu, SHUTDOWN("guest-panic"));
	assert_false(family->reminder);
	say(qemu, "{\"event\": \"RESUME\"}" SHUTDOWN("guest-reset"));
	assert_true(family->reminder);
}

with_vm(what_was_told_to_end_does_not_pause)
{
	say(qemu, SHUTDOWN("guest-shutdown") SHUTDOWN("host-qmp-quit") STOPPED);
	assert_true(family->reminder);
}

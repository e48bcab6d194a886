/* SPDX-License-Identifier: MIT */
/* Proves that a remote, which may have been taken over, is not believed what is impossible. */
#include <stdio.h>

#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

/* Forged events, of QEMU's devices and its own: the devices stay, and users are not told. */
with_vm(devices_are_gone_when_they_were_to_go)
{
	say(remote, GONE("net0") GONE("scsi0") GONE("disk0") GONE("drive0"));
	assert_string_equal(events, "");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
	expect_nothing(remote);
}

/* Members of a wrong type are ignored. */
with_vm(what_events_say_is_checked)
{
	static const char *const values[] = {
		"null", "true", "5", "1.5", "[]", "{}", "[\"disk0\"]", "\"disk0\\u0000\"",
	};
	static const char *const names[] = {"DEVICE_DELETED", "BLOCK_IO_ERROR", "SHUTDOWN"};
	char text[256];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			for (int peer = 0; peer < 2; peer++) {
				snprintf(text, sizeof(text),
					 "{\"event\": \"%1$s\", \"data\": %2$s}{\"event\": "
					 "\"%1$s\", \"data\": {\"device\": %2$s, "
					 "\"reason\": %2$s}}\r\n",
					 names[n], values[i]);
				say(peer ? qemu : remote, text);
			}
		}
	}
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

/* The others go on. */
with_vm(a_peer_that_talks_nonsense_is_hung_up_on)
{
	say(remote, "{\"event\": null}\r\n");
	assert_true(hung_up(remote));
	assert_false(hung_up(qemu));
	hmp("rdevice_del disk0");
	assert_error("no remote process has a device \"disk0\"");
}

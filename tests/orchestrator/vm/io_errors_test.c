/* SPDX-License-Identifier: MIT */
/*
 * Proves that a remote disk's I/O errors reach users, stop QEMU's machine, and are over when the
 * user goes on.
 */
#include <glib.h>

#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

#define IO_ERROR_SAID(device, action)                                                        \
	"{\"event\": \"BLOCK_IO_ERROR\", \"timestamp\": 0, \"data\": {\"device\": \"" device \
	"\", \"node-name\": \"#block0\", \"operation\": \"write\", \"action\": \"" action    \
	"\", \"nospace\": true, \"reason\": \"\\u001b[2JNo space\", \"extra\": 1}}\r\n"
#define IO_ERROR_TOLD(device, action)                                     \
	"{\"event\":\"BLOCK_IO_ERROR\",\"data\":{\"device\":\"" device    \
	"\",\"node-name\":\"#block-" device "\",\"operation\":\"write\"," \
	"\"action\":\"" action "\",\"nospace\":true,\"reason\":\"?[2JNo space\"}}"

/* Users are told what is possible of what the remote says. */
with_vm(io_errors_are_told_to_users)
{
	say(remote, IO_ERROR_SAID("drive0", "report"));
	assert_string_equal(events, IO_ERROR_TOLD("drive0", "report"));
}

/* Not believed: QEMU's drives, other devices, a stop without werror=stop, missing members. */
with_vm(io_errors_are_those_of_its_own_drives)
{
	say(remote, IO_ERROR_SAID("ide0-hd0", "report") IO_ERROR_SAID("disk0", "report"));
	say(remote, IO_ERROR_SAID("drive0", "stop") IO_ERROR_SAID("drive0", "panic"));
	say(remote, "{\"event\": \"BLOCK_IO_ERROR\"}{\"event\": \"BLOCK_IO_ERROR\", \"data\": "
		    "{\"device\": \"drive0\", \"operation\": \"read\"}}\r\n");
	assert_string_equal(events, "");
}

with_vm(io_errors_are_told_in_bounded_numbers)
{
	int64_t begin = g_get_monotonic_time();

	for (int i = 0; i < 1000; i++)
		say(remote, IO_ERROR_SAID("drive0", "report"));
	assert_in_range(events_told, 16,
			16 * ((g_get_monotonic_time() - begin) / G_USEC_PER_SEC + 2));
}

/* Has QEMU stop in the state "io-error". */
#define IO_ERROR                                                                                 \
	COMMAND("qom-set", "\"path\":\"/machine/peripheral/scsi0\",\"property\":\"x-io-error\"," \
			   "\"value\":true")

/* A drive with werror=stop. */
static void add_stopping_drive(void)
{
	hmp("rdrive_add 0 drive1 file=x,werror=stop");
	expect(remote,
	       COMMAND("x-drive-add", "\"id\":\"drive1\",\"file\":\"x\",\"werror\":\"stop\""), OK);
	assert_outcome("done");
}

/* An error stops the machine, and the user's cont resumes it. */
with_vm(a_remote_that_stops_stops_qemu)
{
	add_stopping_drive();
	say(qemu, "{\"event\": \"RESUME\"}");
	expect_nothing(remote);
	say(remote, IO_ERROR_SAID("drive1", "stop") "{\"event\": \"STOP\"}");
	expect(qemu, IO_ERROR, OK "{\"event\": \"STOP\"}");
	expect_nothing(remote);
	say(qemu, "{\"event\": \"RESUME\"}");
	expect(remote, "{\"execute\":\"cont\"}", OK "{\"event\": \"RESUME\"}");
	say(qemu, "{\"event\": \"RESUME\"}");
	expect_nothing(remote);
	assert_string_equal(events,
			    IO_ERROR_TOLD("drive1", "stop")); /* QEMU sends the other events */
}

/* A remote without a drive that stops at errors is not believed a STOP. */
with_vm(a_remote_that_may_not_stop_does_not_stop_qemu)
{
	say(remote, "{\"event\": \"STOP\"}");
	expect_nothing(qemu);
	say(qemu, "{\"event\": \"RESUME\"}");
	expect_nothing(remote);
}

/* However many events come, from the remote or from QEMU, one command is out at a time. */
with_vm(stops_do_not_add_up)
{
	add_stopping_drive();
	for (int i = 0; i < 100; i++)
		say(remote, "{\"event\": \"STOP\"}{\"event\": \"RESUME\"}");
	expect(qemu, IO_ERROR, OK);
	expect_nothing(qemu);
	for (int i = 0; i < 100; i++)
		say(qemu, "{\"event\": \"STOP\"}{\"event\": \"RESUME\"}");
	expect(remote, "{\"execute\":\"cont\"}", OK);
	expect_nothing(remote);
	/* It sent no RESUME: it gets another cont. */
	say(qemu, "{\"event\": \"RESUME\"}");
	expect(remote, "{\"execute\":\"cont\"}", OK "{\"event\": \"RESUME\"}");
	say(remote, "{\"event\": \"STOP\"}");
	expect(qemu, IO_ERROR, OK);
}

/* Even if the proxy has no property x-io-error. */
with_vm(qemu_stops_in_any_case)
{
	add_stopping_drive();
	say(remote, "{\"event\": \"STOP\"}");
	expect(qemu, IO_ERROR, NO);
	expect(qemu, "{\"execute\":\"stop\"}", OK);
	expect_nothing(qemu);
}

/* SPDX-License-Identifier: MIT */
/* Proves that an adapter is either in both, its remote and QEMU, or in neither. */
#include <unistd.h>

#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

with_vm(an_adapter_of_a_process_that_is_there)
{
	int ends[2];
	char byte;

	hmp(ADD_SCSI1);
	expect(remote, MODEL, OK);
	ends[0] = expect_fd(remote, GETFD, OK);
	expect(remote, OBJECT, OK);
	ends[1] = expect_fd(qemu, GETFD, OK);
	expect(qemu, PROXY, OK);
	assert_outcome("done");
	assert_int_equal(write(ends[0], "x", 1), 1);
	assert_int_equal(read(ends[1], &byte, 1), 1);
	close(ends[0]);
	assert_true(hung_up(ends[1])); /* nobody else has the other end */
	close(ends[1]);
	assert_string_equal(listed(), "drive0 scsi0 scsi1 disk0 0 ");
	hmp("rdevice_add 0 scsi-hd k drive1 scsi1.0"); /* its bus is there */
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"k\",\"drive\":\"drive1\","
				     "\"bus\":\"scsi1.0\""),
	       OK);
	assert_outcome("done");
}

/* When a step fails, those before it are undone. */
with_vm(an_adapter_fails_whole)
{
	for (int step = 0; step < 5; step++) {
		int ends[] = {-1, -1};
		char line[] = ADD_SCSI1;

		if (step) { /* a socket gets a new name each time */
			tear_down(state);
			set_up(state);
		}
		hmp(line);
		expect(remote, MODEL, step == 0 ? NO : OK);
		if (step >= 1)
			ends[0] = expect_fd(remote, GETFD, step == 1 ? NO : OK);
		if (step >= 2)
			expect(remote, OBJECT, step == 2 ? NO : OK);
		if (step >= 3)
			ends[1] = expect_fd(qemu, GETFD, step == 3 ? NO : OK);
		if (step >= 4)
			expect(qemu, PROXY, NO);
		if (step >= 2)
			expect(remote, CLOSEFD, step == 2 ? OK : NO);
		if (step >= 4)
			expect(qemu, CLOSEFD, OK);
		if (step >= 1) {
			expect(remote, UNMAKE, OK);
			assert_outcome("");
			say(remote, GONE("scsi1"));
		}
		assert_outcome("error: that is refused");
		assert_string_equal(events, "");
		expect_nothing(remote);
		expect_nothing(qemu);
		assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
		for (int i = 0; i < 2; i++) {
			if (ends[i] >= 0)
				close(ends[i]);
		}
	}
}

/* Without rdevice_del: QEMU's own device_del, for one. */
with_vm(an_adapter_leaves_with_its_disks)
{
	say(qemu, GONE("scsi0"));
	expect(remote, COMMAND("device_del", "\"id\":\"scsi0\""), OK);
	hmp("rdevice_del scsi0");
	assert_error("\"scsi0\" is being removed");
	say(remote, GONE("disk0"));
	assert_string_equal(events, DELETED("disk0"));
	say(remote, GONE("scsi0"));
	expect(remote, "{\"execute\":\"quit\"}", OK);
	assert_string_equal(listed(), "0 "); /* until the process has ended */
	assert_true(member->told);	     /* its end is no news */
}

with_vm(a_process_with_another_adapter_stays)
{
	hmp(ADD_SCSI1);
	expect(remote, MODEL, OK);
	close(expect_fd(remote, GETFD, OK));
	expect(remote, OBJECT, OK);
	close(expect_fd(qemu, GETFD, OK));
	expect(qemu, PROXY, OK);
	assert_outcome("done");
	say(qemu, GONE("scsi1"));
	expect(remote, UNMAKE, OK GONE("scsi1"));
	expect_nothing(remote);
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

with_vm(what_qemu_refuses_to_unplug_stays)
{
	for (int i = 0; i < 2; i++) {
		hmp("rdevice_del scsi0");
		expect(qemu, COMMAND("device_del", "\"id\":\"scsi0\""), NO);
		assert_outcome("error: that is refused");
	}
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

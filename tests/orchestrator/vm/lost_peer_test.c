/* SPDX-License-Identifier: MIT */
/* Proves how commands end when a remote or QEMU does not answer, or dies. */
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/vm/vm_state.h"
#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

static bool has_outcome(void)
{
	return *outcome;
}

#define SILENT "error: the remote process of rid 0 has not done this after 0 seconds; it goes on"

/* The command fails with a message that it goes on; how it ends shows in the list and in events. */
with_vm(a_remote_that_does_not_answer_keeps_nobody)
{
	vm->change_ms = 0;
	hmp("rdrive_add 0 d1 file=x");
	keep_on(has_outcome);
	assert_outcome(SILENT);
	hmp("rdrive_del d1");
	assert_error("\"d1\" is being added");
	expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"x\""), OK);
	assert_string_equal(listed(), "drive0 d1 scsi0 disk0 0 ");
	hmp("rdevice_del disk0");
	keep_on(has_outcome);
	assert_outcome(SILENT);
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), OK);
	assert_string_equal(events, "");
	say(remote, GONE("disk0"));
	assert_string_equal(events, DELETED("disk0"));
	assert_string_equal(listed(), "d1 scsi0 0 ");
}

with_vm(commands_to_a_remote_that_died)
{
	hmp("rdevice_del disk0");
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), OK);
	shutdown(remote, SHUT_RDWR);
	assert_outcome("done"); /* it went with the remote */
	hmp("rdrive_add 0 d1 file=x");
	assert_error("no remote process of rid 0 (there is none)");
	hmp("rdevice_del scsi0");
	assert_error("no remote process has a device \"scsi0\"");
	assert_string_equal(listed(), "0 "); /* until it has ended */
}

with_vm(a_remote_that_dies_at_a_command)
{
	hmp("rdrive_add 0 d1 file=x");
	run_loop();
	shutdown(remote, SHUT_RDWR);
	assert_outcome("error: the remote process of rid 0 has ended");
}

with_vm(a_remote_that_dies_while_qemu_is_asked)
{
	hmp(ADD_SCSI1);
	expect(remote, MODEL, OK);
	close(expect_fd(remote, GETFD, OK));
	expect(remote, OBJECT, OK);
	close(expect_fd(qemu, GETFD, OK));
	shutdown(remote, SHUT_RDWR);
	run_loop();
	expect(qemu, PROXY, NO);
	expect(qemu, CLOSEFD, OK);
	assert_outcome("error: that is refused");
}

with_vm(the_end_of_qemu_ends_all_commands)
{
	hmp("rdrive_add 0 d1 file=x");
	run_loop();
	shutdown(qemu, SHUT_RDWR);
	run_loop();
	assert_error("the remote process of rid 0 has ended");
	assert_true(hung_up(remote)); /* so that the process can end */
}

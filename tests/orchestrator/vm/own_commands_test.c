/* SPDX-License-Identifier: MIT */
/* Proves what the five commands send to QEMU and the remotes, from HMP and from QMP, and that bad
 * ones send nothing. */
#include <stdio.h>

#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

static void on_json(void *opaque, const struct mpr_outcome *what)
{
	(void)opaque;
	assert_null(what->error);
	snprintf(outcome, sizeof(outcome), "%s",
		 json_object_to_json_string_ext(what->result, JSON_C_TO_STRING_PLAIN));
}

with_vm(the_sequence_of_the_manual)
{
	char expected[512];

	hmp("rdrive_add 0 drive1 file=/root/cirros-0.4.0-x86_64-disk.img");
	expect(remote,
	       COMMAND("x-drive-add",
		       "\"id\":\"drive1\",\"file\":\"/root/cirros-0.4.0-x86_64-disk.img\""),
	       OK);
	assert_outcome("done");
	hmp("rdevice_add 0 scsi-hd disk1 drive1 scsi0.0");
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"disk1\","
				     "\"drive\":\"drive1\",\"bus\":\"scsi0.0\""),
	       OK);
	assert_outcome("done");
	hmp("remote_proc_list");
	snprintf(expected, sizeof(expected),
		 "     PID\t             RID\t         QEMU ID\t    PROCESS NAME\n\n"
		 "%08d\t               0\t          drive0\t     fake_remote\n"
		 "%08d\t               0\t          drive1\t     fake_remote\n"
		 "%08d\t               0\t           scsi0\t     fake_remote\n"
		 "%08d\t               0\t           disk0\t     fake_remote\n"
		 "%08d\t               0\t           disk1\t     fake_remote\n"
		 "%08d\t               0\t               0\t     fake_remote\n",
		 member->pid, member->pid, member->pid, member->pid, member->pid, member->pid);
	assert_outcome(expected);
}

with_vm(option_strings)
{
	hmp("rdrive_add id=d1,file=\"/a b,,c\",format=raw,rid=0");
	expect(remote,
	       COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"/a b,c\",\"format\":\"raw\""), OK);
	assert_outcome("done");
	hmp("rdevice_add scsi-hd,rid=0,id=disk1,drive=d1,bus=scsi0.0,scsi-id=1");
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"disk1\",\"drive\":\"d1\","
				     "\"bus\":\"scsi0.0\",\"scsi-id\":\"1\""),
	       OK);
	assert_outcome("done");
}

with_vm(the_form_of_qmp)
{
	qmp("x-rdrive-add", "{\"rid\": 0, \"id\": \"d1\", \"file\": \"a,b\", \"readonly\": true}");
	expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"a,b\",\"readonly\":\"on\""),
	       OK);
	assert_outcome("done");
	qmp("x-rdevice-add", "{\"rid\": 0, \"id\": \"k\", \"driver\": \"scsi-hd\", \"lun\": 1}");
	expect(remote, COMMAND("device_add", "\"id\":\"k\",\"driver\":\"scsi-hd\",\"lun\":\"1\""),
	       OK);
	assert_outcome("done");
	qmp("x-rdevice-del", "{\"rid\": 0, \"id\": \"k\"}");
	expect(remote, COMMAND("device_del", "\"id\":\"k\""), OK GONE("k"));
	assert_outcome("done");
	qmp("x-rdrive-del", "{\"id\": \"d1\"}");
	expect(remote, COMMAND("x-drive-del", "\"id\":\"d1\""), OK);
	assert_outcome("done");
}

with_vm(the_list_in_qmp)
{
	char expected[512];

	commands.run_qmp(&commands, "x-remote-proc-list", NULL, on_json, NULL);
	snprintf(expected, sizeof(expected),
		 "[{\"pid\":%1$d,\"rid\":0,\"id\":\"drive0\",\"name\":\"fake_remote\"},"
		 "{\"pid\":%1$d,\"rid\":0,\"id\":\"scsi0\",\"name\":\"fake_remote\"},"
		 "{\"pid\":%1$d,\"rid\":0,\"id\":\"disk0\",\"name\":\"fake_remote\"},"
		 "{\"pid\":%1$d,\"rid\":0,\"id\":\"0\",\"name\":\"fake_remote\"}]",
		 member->pid);
	assert_string_equal(outcome, expected);
}

with_vm(bad_commands_are_refused)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"rdrive_add 7 d1 file=x", "no remote process of rid 7 (there is: 0)"},
		{"rdrive_add 0 drive0 file=x", "the id is taken"},
		{"rdrive_add 0 d1", "usage: rdrive_add rid id file=path"},
		{"rdrive_add", "usage: rdrive_add"},
		{"rdrive_add file=x,rid=0", "id= is missing"},
		{"rdrive_add id=d1,file=x", "rdrive_add id=d1,file=x: rid= is missing"},
		{"rdrive_add zero d1 file=x",
		 "rdrive_add zero d1 file=x: rid=zero is not a number"},
		{"rdrive_add 0 d1 file=\"x", "a quote is not closed"},
		{"rdevice_add 0 scsi-hd disk0 d bus", "the id is taken"},
		{"rdevice_add 7 scsi-hd k d bus", "no remote process of rid 7"},
		{"rdevice_add lsi53c895a,rid=0", "id= is missing"},
		{"rdevice_add lsi53c895a,id=9,rid=0", "must begin with a letter"},
		{"rdevice_add lsi53c895a,id=a,rid=0,cpu=1", "cpu= must be said when the process"},
		{"rdevice_add a b", "usage: rdevice_add rid driver id"},
		{"rdevice_del", "usage: rdevice_del [rid] id"},
		{"rdevice_del a b c", "usage: rdevice_del [rid] id"},
		{"rdevice_del x disk0", "the rid is not a number"},
		{"rdevice_del disk", "no remote process has a device \"disk\" (did you mean "
				     "\"disk0\"?)"},
		{"rdevice_del drive0", "no remote process has a device \"drive0\""},
		{"rdevice_del 7 disk0", "no remote process of rid 7"},
		{"rdrive_del disk0", "no remote process has a drive \"disk0\""},
		{"remote_proc_list all", "usage: remote_proc_list"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hmp(cases[i].line);
		assert_error(cases[i].message);
	}
	expect_nothing(remote);
	expect_nothing(qemu);
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

with_vm(bad_arguments_are_refused)
{
	static const struct {
		const char *command, *arguments, *message;
	} cases[] = {
		{"x-rdrive-add", "{\"id\": \"d1\", \"file\": {}, \"rid\": 0}", "'file'"},
		{"x-rdrive-add", "{\"id\": \"d1\", \"a,b\": 1, \"rid\": 0}", "'a,b'"},
		{"x-rdrive-add", "{\"id\": \"d1\", \"rid\": -1}", "rid"},
		{"x-rdrive-add", "{\"id\": \"d1\", \"file\": 1.5}", "neither a string"},
		{"x-rdrive-add", "{\"id\": \"d1\\u0000\"}", "a string has a zero byte"},
		{"x-rdrive-add", NULL, "rid= is missing"},
		{"x-rdevice-add", "{\"rid\": 0, \"id\": \"a\"}", "the driver's name is missing"},
		{"x-rdevice-add", "{\"rid\": 0, \"driver\": {}}", "'driver'"},
		{"x-rdevice-del", NULL, "Parameter 'id' is missing"},
		{"x-rdevice-del", "{\"id\": 7}", "Parameter 'id'"},
		{"x-rdevice-del", "{\"id\": \"disk0\", \"force\": true}", "Parameter 'force'"},
		{"x-rdevice-del", "{\"id\": \"disk0\", \"rid\": \"0\"}", "Parameter 'rid'"},
		{"x-remote-proc-list", "{\"rid\": 0}", "takes no parameters"},
		{"x-rdevice-del", "[]", "must be an object"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		qmp(cases[i].command, cases[i].arguments);
		assert_error(cases[i].message);
	}
	expect_nothing(remote);
}

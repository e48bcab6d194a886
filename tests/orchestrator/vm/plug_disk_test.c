/* SPDX-License-Identifier: MIT */
/* Proves that a disk is there when its remote has said so, and gone when it is gone. */

#include "tests/common/unit.h"
#include "tests/orchestrator/vm/peers.h"

with_vm(global_properties_are_for_what_comes_later_too)
{
	hmp("rdevice_add scsi-cd,rid=0,id=cd,bus=scsi0.0");
	expect(remote,
	       COMMAND("device_add", "\"driver\":\"scsi-cd\",\"id\":\"cd\","
				     "\"bus\":\"scsi0.0\",\"product\":\"P\""),
	       OK);
	assert_outcome("done");
}

#define BOOT_ORDER(order)                                            \
	COMMAND("qom-set", "\"path\":\"/machine/peripheral/scsi0\"," \
			   "\"property\":\"boot-order\",\"value\":\"" order "\"")
#define DISK(id, index, scsi_id)                                                 \
	COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"" id "\","        \
			      "\"bootindex\":\"" index "\",\"bus\":\"scsi0.0\"," \
			      "\"scsi-id\":\"" scsi_id "\"")

with_vm(disks_join_and_leave_the_boot_order)
{
	hmp("rdevice_add scsi-hd,rid=0,id=k1,bootindex=4");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0"), OK);
	expect(remote, DISK("k1", "4", "1"), OK);
	assert_outcome("done");
	hmp("rdevice_add scsi-hd,rid=0,id=k2,bootindex=4");
	assert_error("bootindex=4 is taken by rdevice_add scsi-hd,rid=0,id=k1,bootindex=4");
	outcome[0] = '\0';
	hmp("rdevice_add scsi-hd,rid=0,id=k2,bootindex=5");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0+5:/channel@0/disk@2,0"), NO);
	assert_outcome("error: that is refused");
	hmp("rdevice_add scsi-hd,rid=0,id=k2,bootindex=5");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0+5:/channel@0/disk@2,0"), OK);
	expect(remote, DISK("k2", "5", "2"), NO);
	assert_outcome("error: that is refused");
	expect(qemu, BOOT_ORDER("4:/channel@0/disk@1,0"), OK);
	hmp("rdevice_del k1");
	expect(remote, COMMAND("device_del", "\"id\":\"k1\""), OK GONE("k1"));
	assert_outcome("done");
	expect(qemu, BOOT_ORDER(""), OK);
}

with_vm(what_the_remote_refuses_is_not_there)
{
	for (int i = 0; i < 2; i++) {
		hmp("rdrive_add 0 d1 file=x");
		expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"x\""), NO);
		assert_outcome("error: that is refused");
		hmp("rdevice_add 0 scsi-hd k");
		expect(remote, COMMAND("device_add", "\"driver\":\"scsi-hd\",\"id\":\"k\""), NO);
		assert_outcome("error: that is refused");
	}
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
}

with_vm(a_disk_is_deleted_when_it_is_gone)
{
	hmp("rdevice_del 0 disk0");
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), OK);
	assert_outcome("");
	hmp("rdevice_del disk0");
	assert_error("\"disk0\" is being removed");
	outcome[0] = '\0';
	say(remote, GONE("disk0"));
	assert_outcome("done");
	assert_string_equal(events, DELETED("disk0"));
	assert_string_equal(listed(), "scsi0 0 "); /* its drive went, too */
	hmp("rdrive_add 0 drive0 file=x");
	expect(remote, COMMAND("x-drive-add", "\"id\":\"drive0\",\"file\":\"x\""), OK);
	assert_outcome("done");
}

with_vm(a_disk_that_cannot_go_stays)
{
	hmp("rdevice_del disk0");
	expect(remote, COMMAND("device_del", "\"id\":\"disk0\""), NO);
	assert_outcome("error: that is refused");
	hmp("rdrive_del drive0");
	expect(remote, COMMAND("x-drive-del", "\"id\":\"drive0\""), NO);
	assert_outcome("error: that is refused");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
	hmp("rdrive_del 0 drive0");
	expect(remote, COMMAND("x-drive-del", "\"id\":\"drive0\""), OK);
	assert_outcome("done");
	assert_string_equal(listed(), "scsi0 disk0 0 ");
}

with_vm(what_is_being_added_is_not_removed)
{
	hmp("rdrive_add 0 d1 file=x");
	assert_string_equal(outcome, "");
	hmp("rdrive_del d1");
	assert_error("\"d1\" is being added");
	hmp("rdrive_add 0 d1 file=x");
	assert_error("the id is taken");
	assert_string_equal(listed(), "drive0 scsi0 disk0 0 ");
	outcome[0] = '\0';
	expect(remote, COMMAND("x-drive-add", "\"id\":\"d1\",\"file\":\"x\""), OK);
	assert_outcome("done");
}

#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves the hotplug sequence of Multi-process QEMU's manual, at mpring run's monitor: a
disk is added to a remote process, used by a Linux guest, and removed under load; then an
adapter comes with a process of its own, is used, and leaves with it. On one of the
machines all this happens in the sandbox that libvirt asks for by default."""

import hashlib
import os
import re
import signal

import harness

SANDBOX = ("-sandbox",
           "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
SIZE = 16 << 20
WRITTEN = 8 << 20
JOB = """
set -e
scan() {
	for host in /sys/class/scsi_host/host*; do echo "- - -" > $host/scan; done
}
count() { ls -d $1 2>/dev/null | wc -l; }
# The first disk of adapter number $1.
disk_of() {
	for d in /sys/block/sd*; do
		case $(readlink -f $d/device) in */host$1/*) basename $d;; esac
	done
}
await_disk() {
	until [ -n "$(disk_of $1)" ]; do scan; sleep 0.1; done
	disk=$(disk_of $1)
}
use() {
	dd if=/dev/urandom of=/tmp/data bs=1M count=8
	dd if=/tmp/data of=/dev/$disk bs=1M
	sync
	echo 3 > /proc/sys/vm/drop_caches
	dd if=/dev/$disk of=/tmp/back bs=1M count=8
	cmp /tmp/data /tmp/back
	sha256sum < /tmp/data | cut -d' ' -f1
}
echo STEP-ready
await_disk 0
echo STEP-written $(use)
while dd if=/dev/$disk of=/dev/null bs=64k iflag=direct 2>/dev/null; do
	[ -e /tmp/reading ] || echo STEP-reading
	touch /tmp/reading
done
echo STEP-gone
echo 1 > /sys/block/$disk/device/delete
until [ $(count "/sys/class/scsi_host/host*") = 2 ]; do sleep 0.1; done
echo STEP-adapter
await_disk 1
echo STEP-used $(use)
until [ $(count "/sys/class/scsi_host/host*") = 1 ]; do sleep 0.1; done
echo STEP-removed
await_disk 0
echo STEP-again $(use)
"""


class Monitored(harness.Machine):
    """A machine with an adapter but no disks, and HMP beside the harness' QMP."""

    def __init__(self, options, folder, *, extra=(), **arguments):
        super().__init__(options, folder, [], **arguments)
        self.hmp_path = self._path("hmp")
        self.arguments += ["-monitor", f"unix:{self.hmp_path},server,nowait", *extra]
        self.person = None

    def hmp(self, line):
        """A line at the monitor; what it answers."""
        if self.person is None:
            self.person = harness.Hmp(harness.connect(self.hmp_path))
        return self.person.command(line).replace("\r", "")

    def do(self, line):
        """A line that is to say nothing."""
        said = self.hmp(line)
        harness.check(not said.strip(), f"{line}: {said}")

    def listed(self):
        """The rows of remote_proc_list: (rid, id)."""
        rows = re.findall(r"^\d{8}\t +(\d+)\t +(\S+)\t +mpring-remote$",
                          self.hmp("remote_proc_list"), re.M)
        return [(int(rid), name) for rid, name in rows]

    def check_listed(self, *rows):
        harness.check(self.listed() == list(rows), f"{self.listed()} is not {rows}")

    def pid_of_rid(self, rid):
        """By QMP."""
        pids = {row["pid"] for row in self.command("x-remote-proc-list") if row["rid"] == rid}
        harness.check(len(pids) == 1, f"pids of rid {rid}: {pids}")
        return pids.pop()


def check_image(machine, step, image):
    """The guest has told, after `step`, what it has written."""
    machine.wait_console(step + " ")
    (written,) = machine.found(rf"^{step} (\w+)")
    with open(image, "rb") as f:
        harness.check(hashlib.sha256(f.read(WRITTEN)).hexdigest() == written, "the image differs")


def test_disk(tap, machine, image):
    with tap.case("a disk that is added to a remote process is found and used"):
        machine.boot_linux(JOB)
        machine.wait_console("STEP-ready")
        machine.do(f"rdrive_add 0 drive0 file={image}")
        machine.do("rdevice_add 0 scsi-hd drive1 drive0 lsi0.0")
        machine.check_listed((0, "drive0"), (0, "lsi0"), (0, "drive1"), (0, "0"))
        check_image(machine, "STEP-written", image)
    with tap.case("removed with I/O in flight it is gone, and its drive, too"):
        machine.wait_console("STEP-reading")
        machine.do("rdevice_del 0 drive1")
        machine.check_listed((0, "lsi0"), (0, "0"))
        machine.wait_console("STEP-gone")


def test_refusals(tap, machine, image):
    with tap.case("what cannot be added is refused, and nothing is left of it"):
        driver, drive, again = [machine.hmp(line) for line in (
            "rdevice_add lsi53c895b,id=scsi1,rid=1", "rdevice_add 0 scsi-hd d none lsi0.0",
            "rdevice_add lsi53c895a,id=scsi1,rid=1,bus=none")]
        harness.check('did you mean "lsi53c895a"' in driver, driver)
        harness.check("none" in drive and "none" in again, f"{drive} {again}")
        harness.check("No such file" in machine.hmp(f"rdrive_add 0 d file={image}.none"), "file")
        harness.check(harness.wait_until(lambda: len(machine.listed()) == 2, 20),
                      f"{machine.listed()}")


def test_adapter(tap, machine, image, properties):
    with tap.case("an adapter with a new rid starts a process, and the guest uses it"):
        machine.do(f"rdevice_add lsi53c895a,id=scsi1,rid=1{properties}")
        machine.wait_console("STEP-adapter")
        machine.command("x-rdrive-add", rid=1, id="d1", file=image, format="raw")
        machine.command("x-rdevice-add", rid=1, id="disk1", driver="scsi-hd", drive="d1",
                        bus="scsi1.0")
        machine.check_listed((0, "lsi0"), (0, "0"), (1, "d1"), (1, "scsi1"), (1, "disk1"),
                             (1, "1"))
        check_image(machine, "STEP-used", image)
    with tap.case("removed by the guest's leave it goes with its disk and its process"):
        pid = machine.pid_of_rid(1)
        machine.do("rdevice_del scsi1")
        machine.wait_console("STEP-removed")
        harness.check(harness.wait_until(lambda: not harness.alive(pid), 20), "it runs on")
        machine.check_listed((0, "lsi0"), (0, "0"))
        harness.check("remote process of rid 1" not in machine.log(), "an end that was asked for "
                      f"is reported\n{machine.log()}")


def test_again(tap, machine, image):
    with tap.case("the first adapter works as before, and all ends well"):
        machine.do(f"rdrive_add id=drive0,file={image},format=raw,rid=0")
        machine.do("rdevice_add scsi-hd,rid=0,id=drive1,drive=drive0,bus=lsi0.0,scsi-id=1")
        check_image(machine, "STEP-again", image)
        machine.wait_result()


def test_death(tap, machine, image):
    with tap.case("a process that died is not listed, and its rid may start another"):
        machine.arguments.append("-S")
        machine.start()
        harness.check(harness.wait_until(lambda: os.path.exists(machine.hmp_path), 30), "start")
        machine.do("rdevice_add 3 lsi53c895a scsi3")
        machine.do(f"rdrive_add 3 d3 file={image}")
        os.kill(machine.pid_of_rid(3), signal.SIGKILL)
        harness.check(harness.wait_until(lambda: len(machine.listed()) == 2, 20),
                      f"{machine.listed()}")
        for line in (f"rdrive_add 3 d file={image}", "rdevice_del 3 scsi3", "rdrive_del 3 d3"):
            said = machine.hmp(line)
            harness.check("no remote process of rid 3 (there is: 0)" in said, f"{line}: {said}")
        said = machine.hmp("rdevice_add 3 lsi53c895a scsi3")
        harness.check("Duplicate device ID 'scsi3'" in said, said)
        machine.do("rdevice_add 3 lsi53c895a scsi4")
        machine.check_listed((0, "lsi0"), (0, "0"), (3, "scsi4"), (3, "3"))
        machine.quit()


def test_one_by_one(tap, machine, image):
    """A reset completes the removals that the guest was asked for: no guest runs here."""
    with tap.case("adapters of one process leave one by one, and the last ends it"):
        machine.arguments += ["-rdevice", "lsi53c895a,id=lsi1,rid=0", "-S",
                              "-rdrive", f"id=d0,file={image},format=raw,rid=0",
                              "-rdevice", "scsi-hd,drive=d0,rid=0"]
        machine.start()
        harness.check(harness.wait_until(lambda: os.path.exists(machine.hmp_path), 30), "start")
        machine.check_listed((0, "d0"), (0, "lsi0"), (0, "lsi1"), (0, "-"), (0, "0"))
        pid = machine.pid_of_rid(0)
        for line, left in (("rdevice_del lsi0", [(0, "lsi1"), (0, "0")]),
                           ("device_del lsi1", [])):
            machine.do(line)
            machine.do("system_reset")
            harness.check(harness.wait_until(lambda rows=left: machine.listed() == rows, 20),
                          f"{machine.listed()} is not {left}")
        harness.check(not harness.alive(pid), "it runs on")
        machine.quit()


with harness.session() as (session_options, session_tap, session_folder):
    if session_options.inprocess:
        session_tap.skip("hotplug", "there is no remote process with --inprocess")
    else:
        root_port = ("-device", "pcie-root-port,id=rp0,chassis=1,slot=1")
        for kind, extra, properties in (("pc", SANDBOX, ""), ("q35", root_port, ",bus=rp0")):
            first = harness.make_disk(session_folder, f"{kind}0.img", SIZE)
            second = harness.make_disk(session_folder, f"{kind}1.img", SIZE)
            with Monitored(session_options, session_folder, machine=kind, extra=extra) as vm:
                test_disk(session_tap, vm, first)
                test_refusals(session_tap, vm, first)
                test_adapter(session_tap, vm, second, properties)
                test_again(session_tap, vm, first)
        with Monitored(session_options, session_folder, machine="pc") as vm:
            test_death(session_tap, vm, first)
        with Monitored(session_options, session_folder, machine="pc") as vm:
            test_one_by_one(session_tap, vm, first)

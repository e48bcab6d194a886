#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Proves that a Linux guest finds a disk that is added to a running adapter, uses
it, sees it grow, and survives its removal under load."""

import hashlib

import harness
from plugged import Plugged

SIZE = 16 << 20
JOB = """
set -e
adapter=/sys/class/scsi_host/host0
new_disk() {
	for d in /sys/block/sd*; do
		case $(readlink -f $d/device) in */0:0:3:0) basename $d;; esac
	done
}
echo STEP-ready
for i in $(seq 600); do
	echo "- - -" > $adapter/scan
	[ -n "$(new_disk)" ] && break
	sleep 0.1
done
disk=$(new_disk)
echo STEP-found $(cat /sys/block/$disk/size)
dd if=/dev/urandom of=/tmp/data bs=1M count=8
dd if=/tmp/data of=/dev/$disk bs=1M
sync
echo 3 > /proc/sys/vm/drop_caches
dd if=/dev/$disk of=/tmp/back bs=1M count=8
cmp /tmp/data /tmp/back
echo STEP-written $(sha256sum < /tmp/data | cut -d' ' -f1)
while [ "$(cat /sys/block/$disk/size)" -lt 65536 ]; do
	echo 1 > /sys/block/$disk/device/rescan
	sleep 0.1
done
echo STEP-grown
while dd if=/dev/$disk of=/dev/null bs=64k iflag=direct 2>/dev/null; do
	[ -e /tmp/reading ] || echo STEP-reading
	touch /tmp/reading
done
echo STEP-gone
echo 1 > /sys/block/$disk/device/delete
dd if=/dev/disk0 of=/dev/null bs=1M iflag=direct
echo STEP-end
"""


def digest(path, size):
    with open(path, "rb") as image:
        return hashlib.sha256(image.read(size)).hexdigest()


def test_hotplug(tap, machine, image):
    with tap.case("a disk that is added is found by a scan"):
        machine.boot_linux(JOB)
        machine.wait_console("STEP-ready")
        qmp = machine.remote_qmp()
        qmp.command("blockdev-add", driver="raw", node_name="n1",
                    file={"driver": "file", "filename": image})
        qmp.command("device_add", driver="scsi-hd", id="disk1", drive="n1", bus="lsi0.0",
                    scsi_id=3)
        machine.wait_console("STEP-found 32768")
    with tap.case("what the guest writes is read back, and is in the image"):
        machine.wait_console("STEP-written")
        (written,) = machine.found(r"^STEP-written (\w+)")
        harness.check(digest(image, 8 << 20) == written, "the image differs")
    with tap.case("the guest sees it grow"):
        qmp.command("block_resize", node_name="n1", size=2 * SIZE)
        machine.wait_console("STEP-grown")
    with tap.case("removed under load it is gone, and its image is free"):
        machine.wait_console("STEP-reading")
        qmp.command("device_del", id="disk1")
        harness.check(qmp.event("DEVICE_DELETED")["data"]["device"] == "disk1", "event")
        qmp.command("blockdev-del", node_name="n1")
        machine.wait_console("STEP-gone")
    with tap.case("the other disk works, and all ends well"):
        machine.wait_console("STEP-end")
        qmp.close()
        machine.wait_result()
        harness.check(machine.remote_process.wait(20) == 0, "status of the device process")


with harness.session() as (session_options, session_tap, session_folder):
    if session_options.inprocess:
        session_tap.skip("hotplug", "there is no device process with --inprocess")
    else:
        first = harness.make_disk(session_folder, "d0.img", SIZE)
        second = harness.make_disk(session_folder, "d1.img", SIZE)
        with Plugged(session_options, session_folder, first) as plugged:
            test_hotplug(session_tap, plugged, second)
